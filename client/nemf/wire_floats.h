#ifndef NEMF_CLIENT_NEMF_WIRE_FLOATS_H_
#define NEMF_CLIENT_NEMF_WIRE_FLOATS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace nemf::client {

static_assert(std::endian::native == std::endian::little, "the wire's floats are little endian");

// Returns the value of an IEEE 754 binary16, which float represents exactly.
inline float FromHalf(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7FFFu;
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  // The exponent biases differ by 112. The product also normalises subnormals. Infinity and NaN
  // have all exponent bits set in both formats.
  const float finite = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  const std::uint32_t bits =
      magnitude >= 0x7C00u ? 0x7F800000u | magnitude << 13 : std::bit_cast<std::uint32_t>(finite);
  return std::bit_cast<float>(bits | sign);
}

// Appends the items in `bytes` (floats, or structs of floats) and returns a view of them. Requires
// a whole number of items.
template <typename T>
std::span<const T> AppendItems(const std::string& bytes, std::vector<T>* items) {
  const std::size_t old_size = items->size();
  const std::size_t count = bytes.size() / sizeof(T);
  items->resize(old_size + count);
  if (count > 0) std::memcpy(items->data() + old_size, bytes.data(), count * sizeof(T));
  return {items->data() + old_size, count};
}

// As AppendItems() for floats that are encoded as binary16.
template <typename T>
std::span<const T> AppendHalfItems(const std::string& bytes, std::vector<T>* items) {
  std::string floats(2 * bytes.size(), '\0');
  for (std::size_t i = 0; i < bytes.size() / sizeof(std::uint16_t); ++i) {
    std::uint16_t half;
    std::memcpy(&half, bytes.data() + i * sizeof(half), sizeof(half));
    const float value = FromHalf(half);
    std::memcpy(floats.data() + i * sizeof(value), &value, sizeof(value));
  }
  return AppendItems(floats, items);
}

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_WIRE_FLOATS_H_
