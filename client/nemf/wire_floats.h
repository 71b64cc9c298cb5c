#ifndef NEMF_CLIENT_NEMF_WIRE_FLOATS_H_
#define NEMF_CLIENT_NEMF_WIRE_FLOATS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "client/nemf/half.h"

namespace nemf::client {

static_assert(std::endian::native == std::endian::little, "the wire's floats are little endian");

// Appends the items (floats, or structs of floats) that `bytes` holds, and returns a view of them.
// Requires a whole number of items.
template <typename T>
std::span<const T> AppendItems(const std::string& bytes, std::vector<T>* items) {
  const std::size_t old_size = items->size();
  const std::size_t count = bytes.size() / sizeof(T);
  items->resize(old_size + count);
  if (count > 0) std::memcpy(items->data() + old_size, bytes.data(), count * sizeof(T));
  return {items->data() + old_size, count};
}

// The same where each float travels as a binary16.
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
