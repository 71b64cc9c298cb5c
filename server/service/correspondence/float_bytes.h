#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOAT_BYTES_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOAT_BYTES_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "server/engine/math/half.h"

namespace nemf {

static_assert(std::endian::native == std::endian::little, "messages hold little-endian floats");

// Appends a float in the format of messages: four bytes, little endian.
inline void AppendFloat(float value, std::string* bytes) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes->append(raw, sizeof value);
}

// Appends a float as the nearest IEEE binary16, ties to even, infinite beyond the largest one: two
// bytes, little endian.
inline void AppendHalf(float value, std::string* bytes) {
  const std::uint16_t half = FloatToHalf(value);
  char raw[sizeof half];
  std::memcpy(raw, &half, sizeof half);
  bytes->append(raw, sizeof half);
}

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOAT_BYTES_H_
