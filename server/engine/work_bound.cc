#include "server/engine/work_bound.h"

#include <algorithm>

#include "server/engine/math/search.h"

namespace nemf {
namespace {

// Pixels within L1 distance `radius` of a square of 2 x 2 pixels, which is what a keypoint between
// pixels leans on.
std::int64_t ConePixels(std::int64_t radius) { return 2 * radius * radius + 6 * radius + 4; }

}  // namespace

std::int64_t BoundQueries(ImageSize query, std::size_t num_keypoints, const MatchOptions& options) {
  const std::int64_t pixels = std::int64_t{query.width} * query.height;
  const bool dense = num_keypoints == 0;
  const std::int64_t points = dense ? pixels : static_cast<std::int64_t>(num_keypoints);
  const bool optimizes = options.refinement == Refinement::kPatchMatchAndOptimize;
  std::int64_t queries = points * ((optimizes ? options.optimize_steps : 0) + 1);
  if (options.refinement == Refinement::kCoarse) return queries;
  for (int i = 0; i < options.patchmatch_iterations; ++i) {
    const std::int64_t cones = points * ConePixels(options.patchmatch_iterations - 1 - i);
    queries += (dense ? pixels : std::min(pixels, cones)) * (kMaxCandidates + 1);
  }
  return queries;
}

}  // namespace nemf
