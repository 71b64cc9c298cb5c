#include <optional>

#include "server/service/images/byte_reader.h"
#include "server/service/images/image_header.h"

// JPEG (ITU-T T.81, annex B): a sequence of markers FF xx. Most are followed by a segment that
// starts with its length; a scan (SOS) is followed by entropy-coded bytes up to the next marker.
namespace nemf::image_header {
namespace {

constexpr std::uint8_t kEndOfImage = 0xD9;
constexpr std::uint8_t kStartOfScan = 0xDA;

bool IsFrame(std::uint8_t marker) {  // SOF0 to SOF15 without DHT, JPG and DAC
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool StandsAlone(std::uint8_t marker) {  // TEM, RST0 to RST7, SOI
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

struct Marker {
  std::uint8_t code;
  std::size_t after;  // offset of the byte behind it
};

// The next marker at or behind `offset`, as libjpeg finds it: other bytes, fill bytes (FF FF) and
// stuffed zeros (FF 00) are skipped.
std::optional<Marker> NextMarker(absl::string_view file, std::size_t offset) {
  while ((offset = file.find('\xFF', offset)) != absl::string_view::npos) {
    while (offset < file.size() && file[offset] == '\xFF') ++offset;
    if (offset == file.size()) break;
    const auto code = static_cast<std::uint8_t>(file[offset++]);
    if (code != 0) return Marker{code, offset};
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ImageHeader> ReadJpeg(absl::string_view file) {
  const ByteReader reader(file, ByteOrder::kBig);
  ImageHeader header;
  bool framed = false;
  bool scanned = false;
  std::size_t offset = 2;  // behind SOI
  while (const std::optional<Marker> marker = NextMarker(file, offset)) {
    offset = marker->after;
    if (marker->code == kEndOfImage) {
      if (!scanned) return Malformed("JPEG", "no picture before its end");
      header.complete = true;
      return header;
    }
    if (StandsAlone(marker->code)) continue;
    const auto length = reader.U16(offset);
    if (!length || !reader.Has(offset, *length)) break;
    if (*length < 2) return Malformed("JPEG", "a segment shorter than its own length");
    if (IsFrame(marker->code)) {
      if (framed) return Malformed("JPEG", "two frames");
      if (*length < 8) return Malformed("JPEG", "a short frame header");
      header.height = *reader.U16(offset + 3);
      header.width = *reader.U16(offset + 5);
      framed = true;
    }
    scanned = scanned || (framed && marker->code == kStartOfScan);
    offset += *length;
  }
  if (!framed) return Truncated("JPEG");
  return header;
}

}  // namespace nemf::image_header
