#ifndef NEMF_SERVER_ENGINE_MATH_UPSAMPLE_H_
#define NEMF_SERVER_ENGINE_MATH_UPSAMPLE_H_

#include "server/engine/math/coarse.h"
#include "server/engine/math/coordinates.h"
#include "server/engine/math/lattice.h"
#include "server/engine/math/macros.h"

// The answer between the nodes of a lattice. Interpolation is right where the answer is smooth and
// wrong where it jumps. There the nodes' own values are candidates too, and the matching field
// decides.
namespace nemf {

// The most candidates of one point: the interpolated value and its four nodes' values.
inline constexpr int kMaxUpsampleCandidates = 5;

// Values closer than this are one candidate; reference pixels along an axis.
inline constexpr float kUpsampleTolerance = 0.5f;

// A cell is regular if the answer moves by at most this many times a lattice step (of the
// reference, in equal shares of its sides) from node to node.
inline constexpr float kRegularStretch = 1.5f;

// Normalised lengths in the reference, by axis.
struct UpsampleScale {
  Vec2 tolerance;  // kUpsampleTolerance
  Vec2 step;       // kRegularStretch lattice steps
};

NEMF_HD UpsampleScale MakeUpsampleScale(const LatticeView& lattice, int reference_width,
                                        int reference_height) {
  const auto pixels = [](int size) { return size == 1 ? 1.0f : static_cast<float>(size - 1); };
  return {{2.0f * kUpsampleTolerance / pixels(reference_width),
           2.0f * kUpsampleTolerance / pixels(reference_height)},
          {2.0f * kRegularStretch / pixels(lattice.width),
           2.0f * kRegularStretch / pixels(lattice.height)}};
}

// Returns whether two points differ by no more than `length` along each axis.
NEMF_HD bool Near(Vec2 a, Vec2 b, Vec2 length) {
  const float x = a.x - b.x;
  const float y = a.y - b.y;
  return x <= length.x && -x <= length.x && y <= length.y && -y <= length.y;
}

NEMF_HD bool IsRegular(const Vec2 nodes[4], Vec2 step) {
  return Near(nodes[0], nodes[1], step) && Near(nodes[2], nodes[3], step) &&
         Near(nodes[0], nodes[2], step) && Near(nodes[1], nodes[3], step);
}

// Writes the order in which a support's nodes are tried. The nearest is first. The second is beside
// it along the axis on which the point is farther from it. The opposite node is last.
NEMF_HD void NearestNodes(const KeypointSupport& support, int order[4]) {
  const float fx = support.fraction_x;
  const float fy = support.fraction_y;
  const int nearest = (fx > 0.5f ? 1 : 0) + (fy > 0.5f ? 2 : 0);
  const float away_x = fx > 0.5f ? 1.0f - fx : fx;
  const float away_y = fy > 0.5f ? 1.0f - fy : fy;
  // Flipping bit 0 goes to the other column, bit 1 to the other row.
  const int second = away_x >= away_y ? 1 : 2;
  order[0] = nearest;
  order[1] = nearest ^ second;
  order[2] = nearest ^ (3 - second);
  order[3] = nearest ^ 3;
}

// Writes the candidates of a point to `out`: the interpolated value, then the values of at most
// `most` of its nodes. Returns their number. Values close to an earlier one are omitted, and so are
// all nodes of a regular cell.
NEMF_HD int CollectUpsampled(const KeypointSupport& support, const Vec2 nodes[4],
                             const UpsampleScale& scale, int most,
                             Vec2 out[kMaxUpsampleCandidates]) {
  out[0] = LerpCorners(nodes, support.fraction_x, support.fraction_y);
  int count = 1;
  if (most == 0 || IsRegular(nodes, scale.step)) return count;
  int order[4];
  NearestNodes(support, order);
  for (int i = 0; i < 4 && count <= most; ++i) {
    const Vec2 value = nodes[order[i]];
    bool seen = false;
    for (int j = 0; j < count; ++j) seen = seen || Near(value, out[j], scale.tolerance);
    if (!seen) out[count++] = value;
  }
  return count;
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_UPSAMPLE_H_
