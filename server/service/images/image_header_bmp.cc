#include <cstdint>
#include <cstdlib>

#include "server/service/images/byte_reader.h"
#include "server/service/images/image_header_formats.h"

// BMP: "BM", the pixels' offset at 10, then a header whose own size (at 14) tells its kind: 12 is
// OS/2's with 16-bit sizes, 40 and above is Windows's with 32-bit ones.
namespace nemf::image_header {
namespace {

constexpr std::uint32_t kOs2Header = 12;
constexpr std::uint32_t kWindowsHeader = 40;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;

// Whether the rows, each padded to 4 bytes, fit behind the offset that the file states for them.
bool HoldsPixels(const ByteReader& reader, const ImageHeader& header, std::uint32_t bits) {
  if (header.width <= 0 || header.height <= 0) return false;
  const std::uint64_t row = (static_cast<std::uint64_t>(header.width) * bits + 31) / 32 * 4;
  const std::uint64_t pixels = *reader.U32(10);
  // Below 2^33 bytes a row and 2^31 rows: no overflow.
  return reader.Has(pixels, row * static_cast<std::uint64_t>(header.height));
}

}  // namespace

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
