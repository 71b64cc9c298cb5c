#include "server/service/images/byte_reader.h"
#include "server/service/images/image_header_formats.h"

// PNG: an 8-byte signature, then chunks [length][type][data][crc], IHDR first, IEND last.
namespace nemf::image_header {

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

}  // namespace nemf::image_header
