#ifndef NEMF_SERVER_SERVICE_FLOAT_BYTES_H_
#define NEMF_SERVER_SERVICE_FLOAT_BYTES_H_

#include <bit>
#include <cstring>
#include <string>

namespace nemf {

static_assert(std::endian::native == std::endian::little, "floats travel as little endian");

// Appends a float as it travels in a message: four bytes, little endian.
inline void AppendFloat(float value, std::string* bytes) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes->append(raw, sizeof value);
}

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_FLOAT_BYTES_H_
