#include "server/service/images/byte_reader.h"
#include "server/service/images/image_header_formats.h"

// WebP: "RIFF" [size] "WEBP", then a first chunk "VP8 " (lossy), "VP8L" (lossless) or "VP8X"
// (extended), each with the image's size in its own form.
namespace nemf::image_header {

absl::StatusOr<ImageHeader> ReadWebp(absl::string_view file) {
  constexpr std::uint64_t kPayload = 20;
  const ByteReader reader(file, ByteOrder::kLittle);
  const auto riff_size = reader.U32(4);
  if (!riff_size || !reader.Has(kPayload, 10)) return Truncated("WebP");
  const bool complete = reader.Has(8, *riff_size);
  const absl::string_view type = reader.Text(12, 4);
  if (type == "VP8 ") {
    if (reader.Text(kPayload + 3, 3) != "\x9D\x01\x2A") return Malformed("WebP", "no key frame");
    return ImageHeader{*reader.U16(kPayload + 6) & 0x3FFF, *reader.U16(kPayload + 8) & 0x3FFF,
                       complete};
  }
  if (type == "VP8L") {
    if (reader.Text(kPayload, 1) != "\x2F") return Malformed("WebP", "no lossless signature");
    const std::uint32_t bits = *reader.U32(kPayload + 1);
    return ImageHeader{(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, complete};
  }
  if (type == "VP8X") {
    return ImageHeader{std::int64_t{*reader.U24(kPayload + 4)} + 1,
                       std::int64_t{*reader.U24(kPayload + 7)} + 1, complete};
  }
  return Malformed("WebP", "unknown first chunk");
}

}  // namespace nemf::image_header
