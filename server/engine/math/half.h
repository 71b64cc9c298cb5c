#ifndef NEMF_SERVER_ENGINE_MATH_HALF_H_
#define NEMF_SERVER_ENGINE_MATH_HALF_H_

#include <cstddef>
#include <cstdint>

#include "server/engine/math/macros.h"

// IEEE binary16 in integer arithmetic. Every device gives the same bits, so tests on a CPU cover
// what a GPU in half precision computes between its matrix products.
namespace nemf {

// Exact.
NEMF_HD float HalfToFloat(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7FFFu;
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  // The exponents' biases differ by 112; the product also makes subnormals right.
  const float finite = BitsFloat(magnitude << 13) * 5.192296858534828e33f;  // 2^112
  const bool special = magnitude >= 0x7C00u;                                // infinity or NaN
  const std::uint32_t bits = special ? 0x7F800000u | (magnitude << 13) : FloatBits(finite);
  return BitsFloat(bits | sign);
}

// Rounds to the nearest, ties to even; too large values become infinite.
NEMF_HD std::uint16_t FloatToHalf(float value) {
  const std::uint32_t bits = FloatBits(value);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  std::uint32_t half;
  if (magnitude >= 0x47800000u) {  // from 2^16 on
    half = magnitude > 0x7F800000u ? 0x7E00u : 0x7C00u;
  } else if (magnitude < 0x38800000u) {
    // Below 2^-14: at 0.5 a float's last bit is 2^-24, half's step, so the sum rounds.
    half = FloatBits(BitsFloat(magnitude) + 0.5f) - 0x3F000000u;
  } else {
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    half = (magnitude - (112u << 23) + 0xFFFu + odd) >> 13;
  }
  return static_cast<std::uint16_t>(half | sign);
}

// Numbers in memory, binary16 if `half` and float otherwise, read as float.
struct Values {
  const void* data;
  bool half;

  NEMF_HD float operator[](std::size_t i) const {
    return half ? HalfToFloat(static_cast<const std::uint16_t*>(data)[i])
                : static_cast<const float*>(data)[i];
  }
};

// From the i-th number on.
NEMF_HD Values operator+(const Values& values, std::size_t i) {
  const std::size_t size = values.half ? sizeof(std::uint16_t) : sizeof(float);
  return {static_cast<const char*>(values.data) + i * size, values.half};
}

// Numbers in memory as in Values, for writing.
struct MutableValues {
  void* data;
  bool half;

  NEMF_HD Values view() const { return {data, half}; }
  NEMF_HD void Set(std::size_t i, float value) const {
    if (half) {
      static_cast<std::uint16_t*>(data)[i] = FloatToHalf(value);
    } else {
      static_cast<float*>(data)[i] = value;
    }
  }
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_HALF_H_
