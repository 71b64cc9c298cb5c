#ifndef NEMF_CLIENT_NEMF_WIRE_FLOATS_H_
#define NEMF_CLIENT_NEMF_WIRE_FLOATS_H_

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

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

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_WIRE_FLOATS_H_
