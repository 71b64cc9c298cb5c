#include "server/engine/matching/work_bound.h"

#include <algorithm>
#include <cmath>

#include "server/engine/matching/task_plan.h"
#include "server/engine/math/search.h"

namespace nemf {
namespace {

// The sizes of a task. Of dependency cones only a bound is known.
class TaskBound {
 public:
  TaskBound(ImageSize query, std::size_t num_keypoints, const MatchOptions& options)
      : options_(options),
        query_(query),
        lattice_(LatticeSize(query, options)),
        pixels_(std::int64_t{query.width} * query.height),
        nodes_(std::int64_t{lattice_.width} * lattice_.height),
        dense_(num_keypoints == 0),
        points_(dense_ ? pixels_ : static_cast<std::int64_t>(num_keypoints)) {}

  std::int64_t Preparation(const ElementPrices& prices) const {
    const int iterations = Iterations();
    const bool grows = !dense_ && iterations > 0;
    return PriceOf(grows ? Sites(iterations - 1) : 0, prices.cone_site) +
           PriceOf(TableRows(), prices.table_row) + PriceOf(Sites(iterations), prices.value);
  }

  std::int64_t Preview(const ElementPrices& prices) const {
    return dense_ ? PriceOf(pixels_, prices.value) : 0;
  }

  std::int64_t Matching() const {
    if (options_.refinement == Refinement::kCoarse) return points_;
    const bool optimizes = options_.refinement == Refinement::kPatchMatchAndOptimize;
    const std::int64_t steps = optimizes ? options_.optimize_steps : 0;
    // Either the points are optimised, or the nodes and then the points chosen between them.
    std::int64_t queries = nodes_ == pixels_
                               ? points_ * (1 + steps)
                               : Sites(0) * steps + points_ * (1 + options_.upsample_candidates);
    for (int i = 0; i < Iterations(); ++i) {
      queries += Sites(Iterations() - 1 - i) * (kMaxCandidates + options_.search_candidates);
    }
    return queries;
  }

 private:
  int Iterations() const {
    return options_.refinement == Refinement::kCoarse ? 0 : options_.patchmatch_iterations;
  }

  // Sites within L1 distance `radius` of the support. A keypoint between nodes has a support of 2 x
  // 2 nodes.
  std::int64_t Sites(std::int64_t radius) const {
    return dense_ ? nodes_ : std::min(nodes_, points_ * (2 * radius * radius + 6 * radius + 4));
  }

  std::int64_t TableRows() const {
    return lattice_.width + lattice_.height + (dense_ ? query_.width + query_.height : 2 * points_);
  }

  const MatchOptions& options_;
  const ImageSize query_;
  const ImageSize lattice_;
  const std::int64_t pixels_;
  const std::int64_t nodes_;
  const bool dense_;
  const std::int64_t points_;
};

}  // namespace

std::int64_t PriceOf(std::int64_t count, double price) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(count) * price));
}

std::int64_t BoundQueries(ImageSize query, std::size_t num_keypoints, const MatchOptions& options,
                          int previews, const ElementPrices& prices) {
  const TaskBound bound(query, num_keypoints, options);
  return bound.Preparation(prices) + previews * bound.Preview(prices) + bound.Matching();
}

}  // namespace nemf
