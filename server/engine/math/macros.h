#ifndef NEMF_SERVER_ENGINE_MATH_MACROS_H_
#define NEMF_SERVER_ENGINE_MATH_MACROS_H_

#include <cstdint>
#include <cstring>

// Marks the functions of this folder: inline functions for g++, functions of host and device for
// nvcc. They take pointers and numbers, do not allocate and have no state, so a back end is only a
// way to call them for n points. They are compiled without fused multiply-add, so that all back
// ends round alike.
#ifdef __CUDACC__
#define NEMF_HD __host__ __device__ __forceinline__
#else
#define NEMF_HD [[gnu::always_inline]] inline
#endif

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

#endif  // NEMF_SERVER_ENGINE_MATH_MACROS_H_
