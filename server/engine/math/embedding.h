#ifndef NEMF_SERVER_ENGINE_MATH_EMBEDDING_H_
#define NEMF_SERVER_ENGINE_MATH_EMBEDDING_H_

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"
#include "server/engine/math/sincos.h"

namespace nemf {

// The harmonic embedding's constants: frequencies [count], and u = scale * coordinate + offset.
struct EmbeddingView {
  const float* frequencies;
  int count;
  float scale;
  float offset;
};

// Values that one point embeds to.
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
