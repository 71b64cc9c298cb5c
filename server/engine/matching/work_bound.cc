#include "server/engine/matching/work_bound.h"

#include <algorithm>

#include "server/engine/matching/lattice.h"
#include "server/engine/math/search.h"

namespace nemf {
namespace {

// Nodes within L1 distance `radius` of a square of 2 x 2 nodes, which is what a keypoint between
// nodes leans on.
std::int64_t ConePixels(std::int64_t radius) { return 2 * radius * radius + 6 * radius + 4; }

}  // namespace

std::int64_t BoundQueries(ImageSize query, std::size_t num_keypoints, const MatchOptions& options) {
  const ImageSize lattice = LatticeSize(query, options);
  const std::int64_t pixels = std::int64_t{query.width} * query.height;
  const std::int64_t nodes = std::int64_t{lattice.width} * lattice.height;
  const bool dense = num_keypoints == 0;
  const std::int64_t points = dense ? pixels : static_cast<std::int64_t>(num_keypoints);
  const auto slots = [&](std::int64_t radius) {
    return dense ? nodes : std::min(nodes, points * ConePixels(radius));
  };
  if (options.refinement == Refinement::kCoarse) return points;
  const bool optimizes = options.refinement == Refinement::kPatchMatchAndOptimize;
  const std::int64_t steps = optimizes ? options.optimize_steps : 0;
  // Either the points are optimised, or the nodes and then the points chosen between them.
  std::int64_t queries = nodes == pixels
                             ? points * (1 + steps)
                             : slots(0) * steps + points * (1 + options.upsample_candidates);
  for (int i = 0; i < options.patchmatch_iterations; ++i) {
    queries +=
        slots(options.patchmatch_iterations - 1 - i) * (kMaxCandidates + options.search_candidates);
  }
  return queries;
}

}  // namespace nemf
