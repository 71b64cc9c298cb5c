#ifndef NEMF_SERVER_ENGINE_MATH_BITS_H_
#define NEMF_SERVER_ENGINE_MATH_BITS_H_

#include <cstdint>
#include <cstring>

#include "server/engine/math/macros.h"

namespace nemf {

NEMF_HD std::uint32_t FloatBits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

NEMF_HD float BitsFloat(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_BITS_H_
