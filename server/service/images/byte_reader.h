#ifndef NEMF_SERVER_SERVICE_IMAGES_BYTE_READER_H_
#define NEMF_SERVER_SERVICE_IMAGES_BYTE_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace nemf {

enum class ByteOrder { kLittle, kBig };

// Reads unsigned integers at any offset of untrusted bytes; nullopt if the bytes end too early.
class ByteReader {
 public:
  ByteReader(absl::string_view bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

  std::size_t size() const { return bytes_.size(); }

  bool Has(std::uint64_t offset, std::uint64_t count) const {
    return offset <= bytes_.size() && count <= bytes_.size() - offset;
  }

  // Returns the `count` (1 to 4) bytes at `offset` as one number.
  std::optional<std::uint32_t> Read(std::uint64_t offset, int count) const {
    if (!Has(offset, static_cast<std::uint64_t>(count))) return std::nullopt;
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
      const int place = order_ == ByteOrder::kBig ? i : count - 1 - i;
      value = value << 8 | static_cast<std::uint8_t>(bytes_[offset + place]);
    }
    return value;
  }
  std::optional<std::uint32_t> U16(std::uint64_t offset) const { return Read(offset, 2); }
  std::optional<std::uint32_t> U24(std::uint64_t offset) const { return Read(offset, 3); }
  std::optional<std::uint32_t> U32(std::uint64_t offset) const { return Read(offset, 4); }

  // Returns an empty text if the bytes end too early.
  absl::string_view Text(std::uint64_t offset, std::uint64_t count) const {
    return Has(offset, count) ? bytes_.substr(offset, count) : absl::string_view();
  }

 private:
  absl::string_view bytes_;
  ByteOrder order_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_BYTE_READER_H_
