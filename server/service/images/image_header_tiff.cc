#include <optional>

#include "server/service/images/byte_reader.h"
#include "server/service/images/image_header.h"

// TIFF 6.0: byte order, 42, offset of the first directory; a directory is a count and 12-byte
// entries [tag][type][count][value or offset of the values]. Pixels lie in strips or tiles.
namespace nemf::image_header {
namespace {

constexpr std::uint32_t kImageWidth = 256;
constexpr std::uint32_t kImageLength = 257;
constexpr std::uint32_t kStripOffsets = 273;
constexpr std::uint32_t kStripByteCounts = 279;
constexpr std::uint32_t kTileWidth = 322;
constexpr std::uint32_t kTileLength = 323;
constexpr std::uint32_t kTileOffsets = 324;
constexpr std::uint32_t kTileByteCounts = 325;

constexpr std::uint64_t kEntryBytes = 12;

// An array of 16-bit or 32-bit unsigned numbers in the file.
struct Values {
  std::uint64_t offset = 0;
  std::uint32_t count = 0;
  int width = 0;  // bytes each

  std::optional<std::uint32_t> At(const ByteReader& reader, std::uint32_t index) const {
    return reader.Read(offset + std::uint64_t{index} * static_cast<std::uint64_t>(width), width);
  }
};

class Directory {
 public:
  Directory(const ByteReader& reader, std::uint64_t offset) : reader_(reader), offset_(offset) {}

  // Returns whether all of the directory is inside the file.
  bool Complete() const {
    const auto count = reader_.U16(offset_);
    return count && reader_.Has(offset_ + 2, *count * kEntryBytes);
  }

  // The numbers of the first entry with this tag, when they are 16-bit or 32-bit ones.
  std::optional<Values> Find(std::uint32_t tag) const {
    const std::uint32_t entries = *reader_.U16(offset_);
    for (std::uint32_t i = 0; i < entries; ++i) {
      const std::uint64_t entry = offset_ + 2 + i * kEntryBytes;
      if (*reader_.U16(entry) == tag) return Decode(entry);
    }
    return std::nullopt;
  }

  // The one number of a tag.
  std::optional<std::uint32_t> Number(std::uint32_t tag) const {
    const std::optional<Values> values = Find(tag);
    return values ? values->At(reader_, 0) : std::nullopt;
  }

 private:
  std::optional<Values> Decode(std::uint64_t entry) const {
    constexpr std::uint32_t kShort = 3;
    constexpr std::uint32_t kLong = 4;
    const std::uint32_t type = *reader_.U16(entry + 2);
    if (type != kShort && type != kLong) return std::nullopt;
    Values values;
    values.width = type == kShort ? 2 : 4;
    values.count = *reader_.U32(entry + 4);
    const bool in_place = std::uint64_t{values.count} * values.width <= 4;
    values.offset = in_place ? entry + 8 : *reader_.U32(entry + 8);
    return values;
  }

  const ByteReader& reader_;
  std::uint64_t offset_;
};

// Returns whether every strip or tile lies inside the file.
bool PiecesInside(const ByteReader& reader, const Directory& directory, std::uint32_t offsets_tag,
                  std::uint32_t sizes_tag) {
  const std::optional<Values> offsets = directory.Find(offsets_tag);
  const std::optional<Values> sizes = directory.Find(sizes_tag);
  if (!offsets || !sizes || offsets->count == 0 || offsets->count != sizes->count) return false;
  for (std::uint32_t i = 0; i < offsets->count; ++i) {
    const auto offset = offsets->At(reader, i);
    const auto size = sizes->At(reader, i);
    if (!offset || !size || !reader.Has(*offset, *size)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<ImageHeader> ReadTiff(absl::string_view file) {
  const ByteReader reader(file, file[0] == 'I' ? ByteOrder::kLittle : ByteOrder::kBig);
  const auto offset = reader.U32(4);
  if (!offset) return Truncated("TIFF");
  const Directory directory(reader, *offset);
  if (!directory.Complete()) return Truncated("TIFF");

  const auto width = directory.Number(kImageWidth);
  const auto height = directory.Number(kImageLength);
  if (!width || !height) return Malformed("TIFF", "no size in its first directory");
  ImageHeader header{*width, *height};

  const auto tile_width = directory.Number(kTileWidth);
  const auto tile_height = directory.Number(kTileLength);
  if (tile_width && tile_height) {
    // A decoder allocates a whole tile, whatever the image's size.
    constexpr std::uint32_t kMaxTileSide = 4096;
    if (*tile_width > kMaxTileSide || *tile_height > kMaxTileSide) {
      return Malformed("TIFF", "tile sides, must be <= 4096");
    }
    header.complete = PiecesInside(reader, directory, kTileOffsets, kTileByteCounts);
  } else {
    header.complete = PiecesInside(reader, directory, kStripOffsets, kStripByteCounts);
  }
  return header;
}

}  // namespace nemf::image_header
