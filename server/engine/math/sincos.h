#ifndef NEMF_SERVER_ENGINE_MATH_SINCOS_H_
#define NEMF_SERVER_ENGINE_MATH_SINCOS_H_

#include <cstdint>

#include "server/engine/math/bits.h"
#include "server/engine/math/macros.h"

namespace nemf {

struct SinCosValues {
  float sin;
  float cos;
};

// Sine and cosine of x radians for |x| <= 5000, each within 1.2e-7 of the true value. No branches
// and no library calls, so a loop of it vectorises and every device gives the same bits.
NEMF_HD SinCosValues SinCos(float x) {
  // Adding 1.5 * 2^23 rounds x / (pi/2) to an integer, whose low bits (the quadrant) end up in the
  // low bits of the sum.
  const float shifted = x * 0.63661977236758134f + 12582912.0f;
  const std::uint32_t quadrant = FloatBits(shifted);
  const float turns = shifted - 12582912.0f;
  // Cody and Waite: pi/2 in three parts. The first two have so few bits that their products with
  // `turns` (12 bits) are exact.
  float r = x - turns * 1.5703125f;
  r = r - turns * 4.837512969970703125e-4f;
  r = r - turns * 7.54978995489188216e-8f;
  // The minimax polynomials of the Cephes library on [-pi/4, pi/4].
  const float r2 = r * r;
  const float s =
      ((-1.9515295891e-4f * r2 + 8.3321608736e-3f) * r2 - 1.6666654611e-1f) * r2 * r + r;
  const float c =
      ((2.443315711809948e-5f * r2 - 1.388731625493765e-3f) * r2 + 4.166664568298827e-2f) * r2 *
          r2 -
      0.5f * r2 + 1.0f;
  const bool swapped = (quadrant & 1u) != 0;
  const std::uint32_t sin_sign = (quadrant & 2u) << 30;
  const std::uint32_t cos_sign = ((quadrant + 1u) & 2u) << 30;
  return {BitsFloat(FloatBits(swapped ? c : s) ^ sin_sign),
          BitsFloat(FloatBits(swapped ? s : c) ^ cos_sign)};
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_SINCOS_H_
