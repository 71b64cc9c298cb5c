#include "client/render/npy_file.h"

#include <bit>
#include <cstddef>

namespace nemf::client {

static_assert(std::endian::native == std::endian::little, "the header says little endian");

std::string EncodeNpy(const std::vector<int>& shape, const std::vector<float>& values) {
  constexpr std::size_t kAlignment = 64;  // of the first value
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const int size : shape) header += std::to_string(size) + ",";
  header += "), }";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  const std::size_t unpadded = bytes.size() + 2 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

}  // namespace nemf::client
