#ifndef NEMF_SERVER_ENGINE_MATH_SEARCH_H_
#define NEMF_SERVER_ENGINE_MATH_SEARCH_H_

#include <cstdint>

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"
#include "server/engine/math/philox.h"

namespace nemf {

// A query pixel's value: a reference point and its score at that pixel.
struct ScoredPoint {
  Vec2 point;
  float score;  // NaN: not known
};

// The most candidates of a pixel's propagation that need scores.
inline constexpr int kMaxCandidates = 5;

NEMF_HD bool IsKnown(float score) { return score == score; }
NEMF_HD float UnknownScore() { return BitsFloat(0x7FC00000u); }

// Writes propagation's candidates that need a score to `out`, in the order own value, neighbours'
// values. Returns their number. The own value is among them only if its score is not known. Values
// equal to the own or to an earlier one could not win and are omitted.
//
// Bit i of `changed` may be 0 if the last iteration did not change the value of neighbour i. Such a
// value has already lost against a score that has not fallen since. It is omitted too, unless the
// own score is not known. The answer is the same with all bits 1, for more field evaluations.
NEMF_HD int CollectCandidates(const ScoredPoint& own, const Vec2 neighbours[4],
                              Vec2 out[kMaxCandidates], unsigned changed = 0xFu) {
  int count = 0;
  if (!IsKnown(own.score)) {
    out[count++] = own.point;
    changed = 0xFu;
  }
  for (int i = 0; i < 4; ++i) {
    bool seen = (changed >> i & 1u) == 0 || Same(neighbours[i], own.point);
    for (int j = 0; j < i; ++j) seen = seen || Same(neighbours[i], neighbours[j]);
    if (!seen) out[count++] = neighbours[i];
  }
  return count;
}

// Returns the better of two values, or the first on a tie.
NEMF_HD ScoredPoint Better(const ScoredPoint& first, const ScoredPoint& second) {
  return second.score > first.score ? second : first;
}

// Returns propagation's choice among the own value and the scored candidates of
// CollectCandidates().
NEMF_HD ScoredPoint SelectBest(const ScoredPoint& own, const Vec2* candidates, const float* scores,
                               int count) {
  const int first = IsKnown(own.score) ? 0 : 1;
  ScoredPoint best = first == 0 ? own : ScoredPoint{own.point, scores[0]};
  for (int i = first; i < count; ++i) best = Better(best, {candidates[i], scores[i]});
  return best;
}

// Returns a candidate 0, 1, ... of the random search: `point` plus a uniform offset in
// [-radius, radius)^2. The offset depends only on the seed, the pixel (or node, y * width + x), the
// iteration and the candidate's number.
NEMF_HD Vec2 RandomCandidate(Vec2 point, float radius, std::uint64_t seed, int pixel, int iteration,
                             int candidate = 0) {
  const PhiloxWords counter = {{static_cast<std::uint32_t>(pixel),
                                static_cast<std::uint32_t>(iteration),
                                static_cast<std::uint32_t>(candidate), 0u}};
  const PhiloxWords random = Philox(counter, seed);
  return {point.x + SignedUnit(random.word[0]) * radius,
          point.y + SignedUnit(random.word[1]) * radius};
}

NEMF_HD float Clamp(float value, float low, float high) {
  const float raised = value < low ? low : value;
  return raised > high ? high : raised;
}

// Returns `point`, moved into the square of half-width `radius` around `centre`.
NEMF_HD Vec2 ClampAround(Vec2 point, Vec2 centre, float radius) {
  return {Clamp(point.x, centre.x - radius, centre.x + radius),
          Clamp(point.y, centre.y - radius, centre.y + radius)};
}

// Ends a site's iteration by ClampAround(). If the point moves, its score becomes unknown.
NEMF_HD ScoredPoint ClampScored(const ScoredPoint& best, Vec2 centre, float radius) {
  const Vec2 clamped = ClampAround(best.point, centre, radius);
  return {clamped, Same(clamped, best.point) ? best.score : UnknownScore()};
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_SEARCH_H_
