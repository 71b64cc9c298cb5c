#ifndef NEMF_CLIENT_NEMF_HALF_H_
#define NEMF_CLIENT_NEMF_HALF_H_

#include <bit>
#include <cstdint>

namespace nemf::client {

// The value of an IEEE binary16, exactly.
inline float FromHalf(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7FFFu;
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  // The exponents' biases are 112 apart; the product makes subnormals right too. Infinity and NaN
  // have all bits of the exponent set in both.
  const float finite = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  const std::uint32_t bits =
      magnitude >= 0x7C00u ? 0x7F800000u | magnitude << 13 : std::bit_cast<std::uint32_t>(finite);
  return std::bit_cast<float>(bits | sign);
}

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_HALF_H_
