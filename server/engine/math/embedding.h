#ifndef NEMF_SERVER_ENGINE_MATH_EMBEDDING_H_
#define NEMF_SERVER_ENGINE_MATH_EMBEDDING_H_

#include <cstdint>

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"

namespace nemf {

struct SinCosValues {
  float sin;
  float cos;
};

// Returns sine and cosine of x radians for |x| <= 5000, each within 1.2e-7 of the true value. It
// has no branches and no library calls, so loops over it vectorise and every device gives the same
// bits.
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

// The harmonic embedding's constants: frequencies [count], and u = scale * coordinate + offset.
struct EmbeddingView {
  const float* frequencies;
  int count;
  float scale;
  float offset;
};

// Returns the number of values of an embedded point.
NEMF_HD int EmbeddingSize(const EmbeddingView& embedding) { return 4 * embedding.count + 2; }

// sin(u f) and cos(u f) for every frequency f.
NEMF_HD void EmbedAxis(const EmbeddingView& embedding, float u, float* __restrict sines,
                       float* __restrict cosines) {
  for (int i = 0; i < embedding.count; ++i) {
    const SinCosValues values = SinCos(u * embedding.frequencies[i]);
    sines[i] = values.sin;
    cosines[i] = values.cos;
  }
}

// A normalised point -> out [4 F + 2]: sin(u_x f) for all F frequencies, sin(u_y f), cos(u_x f),
// cos(u_y f), u_x, u_y (docs/algorithm.md, section 3.3).
NEMF_HD void EmbedPoint(const EmbeddingView& embedding, Vec2 point, float* __restrict out) {
  const int count = embedding.count;
  const float ux = point.x * embedding.scale + embedding.offset;
  const float uy = point.y * embedding.scale + embedding.offset;
  EmbedAxis(embedding, ux, out, out + 2 * count);
  EmbedAxis(embedding, uy, out + count, out + 3 * count);
  out[4 * count] = ux;
  out[4 * count + 1] = uy;
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_EMBEDDING_H_
