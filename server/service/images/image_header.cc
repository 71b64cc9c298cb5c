#include "server/service/images/image_header.h"

#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "server/service/images/byte_reader.h"

namespace nemf::image_header {
namespace {

constexpr std::uint32_t kOs2Header = 12;
constexpr std::uint32_t kWindowsHeader = 40;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;

// Returns whether the rows, each padded to 4 bytes, fit behind the offset that the file states.
bool HoldsPixels(const ByteReader& reader, const ImageHeader& header, std::uint32_t bits) {
  if (header.width <= 0 || header.height <= 0) return false;
  const std::uint64_t row = (static_cast<std::uint64_t>(header.width) * bits + 31) / 32 * 4;
  const std::uint64_t pixels = *reader.U32(10);
  // Below 2^33 bytes a row and 2^31 rows: no overflow.
  return reader.Has(pixels, row * static_cast<std::uint64_t>(header.height));
}

}  // namespace

// PNG: an 8-byte signature, then chunks [length][type][data][crc], IHDR first, IEND last.
absl::StatusOr<ImageHeader> ReadPng(absl::string_view file) {
  constexpr std::size_t kSignature = 8;
  constexpr std::uint64_t kChunkOverhead = 12;
  const ByteReader reader(file, ByteOrder::kBig);
  if (!reader.Has(kSignature, kChunkOverhead + 13)) return Truncated("PNG");
  if (reader.Text(kSignature + 4, 4) != "IHDR") return Malformed("PNG", "no IHDR at its start");
  ImageHeader header{*reader.U32(kSignature + 8), *reader.U32(kSignature + 12)};

  std::uint64_t offset = kSignature;
  while (const auto length = reader.U32(offset)) {
    if (!reader.Has(offset, kChunkOverhead + *length)) break;
    header.complete = reader.Text(offset + 4, 4) == "IEND";
    if (header.complete) break;
    offset += kChunkOverhead + *length;
  }
  return header;
}

// WebP: "RIFF" [size] "WEBP", then a first chunk "VP8 " (lossy), "VP8L" (lossless) or "VP8X"
// (extended), each with the image's size in its own form.
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

// BMP: "BM", the pixels' offset at 10, then a header whose own size (at 14) is its kind: 12 is
// OS/2's with 16-bit sizes, 40 and above is Windows's with 32-bit ones.
absl::StatusOr<ImageHeader> ReadBmp(absl::string_view file) {
  const ByteReader reader(file, ByteOrder::kLittle);
  const auto header_size = reader.U32(14);
  if (!header_size || !reader.Has(14, *header_size)) return Truncated("BMP");

  ImageHeader header;
  std::uint32_t bits = 0;
  if (*header_size == kOs2Header) {
    header = {*reader.U16(18), *reader.U16(20)};
    bits = *reader.U16(24);
  } else if (*header_size >= kWindowsHeader) {
    // A negative height says that the top row comes first.
    header.width = static_cast<std::int32_t>(*reader.U32(18));
    header.height = std::abs(std::int64_t{static_cast<std::int32_t>(*reader.U32(22))});
    bits = *reader.U16(28);
    const std::uint32_t compression = *reader.U32(30);
    if (compression != kUncompressed && compression != kBitFields) {
      return Malformed("BMP", "compressed, must be uncompressed");
    }
  } else {
    return Malformed("BMP", "unknown header size");
  }
  if (bits == 0 || bits > 32) return Malformed("BMP", "bits a pixel, must be 1 to 32");
  header.complete = HoldsPixels(reader, header, bits);
  return header;
}

}  // namespace nemf::image_header

namespace nemf {

using absl::string_view;

string_view FormatName(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kWebp:
      return "WebP";
    case ImageFormat::kBmp:
      return "BMP";
    case ImageFormat::kTiff:
      return "TIFF";
  }
  return "unknown";
}

std::optional<ImageFormat> DetectImageFormat(string_view file) {
  if (absl::StartsWith(file, "\xFF\xD8\xFF")) return ImageFormat::kJpeg;
  if (absl::StartsWith(file, "\x89PNG\r\n\x1A\n")) return ImageFormat::kPng;
  if (absl::StartsWith(file, "RIFF") && file.size() >= 12 && file.substr(8, 4) == "WEBP") {
    return ImageFormat::kWebp;
  }
  if (absl::StartsWith(file, "BM")) return ImageFormat::kBmp;
  if (absl::StartsWith(file, string_view("II*\0", 4))) return ImageFormat::kTiff;
  if (absl::StartsWith(file, string_view("MM\0*", 4))) return ImageFormat::kTiff;
  return std::nullopt;
}

absl::StatusOr<ImageHeader> ReadImageHeader(ImageFormat format, string_view file) {
  switch (format) {
    case ImageFormat::kJpeg:
      return image_header::ReadJpeg(file);
    case ImageFormat::kPng:
      return image_header::ReadPng(file);
    case ImageFormat::kWebp:
      return image_header::ReadWebp(file);
    case ImageFormat::kBmp:
      return image_header::ReadBmp(file);
    case ImageFormat::kTiff:
      return image_header::ReadTiff(file);
  }
  return absl::InternalError("unknown image format");
}

}  // namespace nemf
