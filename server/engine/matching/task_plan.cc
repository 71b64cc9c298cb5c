#include "server/engine/matching/task_plan.h"

#include <utility>

namespace nemf {

namespace {

int Iterations(const MatchOptions& options) {
  return options.refinement == Refinement::kCoarse ? 0 : options.patchmatch_iterations;
}

std::vector<KeypointSupport> FindSupports(const std::vector<Point>& keypoints,
                                          const LatticeView& lattice) {
  std::vector<KeypointSupport> supports;
  supports.reserve(keypoints.size());
  for (const Point& keypoint : keypoints) {
    supports.push_back(FindSupport(lattice, keypoint.x, keypoint.y));
  }
  return supports;
}

DependencyCone StartCone(const std::vector<KeypointSupport>& supports, const LatticeView& lattice,
                         const MatchOptions& options) {
  const ImageSize size = {lattice.width, lattice.height};
  if (supports.empty()) return DependencyCone::All(size, Iterations(options));
  std::vector<int> pixels;
  for (const KeypointSupport& support : supports) {
    pixels.insert(pixels.end(), support.pixel, support.pixel + 4);
  }
  return DependencyCone(size, pixels, Iterations(options));
}

MatchOptions NoRefinement() {
  MatchOptions options;
  options.refinement = Refinement::kCoarse;
  return options;
}

}  // namespace

TaskPlan::TaskPlan(std::shared_ptr<const EncodedPair> pair, std::vector<Point> keypoints,
                   const MatchOptions& options)
    : pair(std::move(pair)),
      keypoints(std::move(keypoints)),
      options(options),
      lattice(MakeLattice(this->pair->query_size(), options)),
      supports(FindSupports(this->keypoints, lattice)),
      cone(StartCone(supports, lattice, options)) {}

TaskPlan::TaskPlan(std::shared_ptr<const EncodedPair> pair, Point query, ImageSize nodes)
    : TaskPlan(std::move(pair), {query}, NoRefinement()) {
  field_nodes = nodes;
}

int TaskPlan::num_points() const {
  if (samples_field()) return field_nodes.width * field_nodes.height;
  const ImageSize size = pair->query_size();
  return dense() ? size.width * size.height : static_cast<int>(keypoints.size());
}

KeypointSupport TaskPlan::SupportOf(int point) const {
  if (!dense()) return supports[point];
  return FindSupport(lattice, static_cast<float>(point % lattice.query_width),
                     static_cast<float>(point / lattice.query_width));
}

bool TaskPlan::strided() const {
  return lattice.width != lattice.query_width || lattice.height != lattice.query_height;
}

int TaskPlan::num_values() const {
  return dense() || options.refinement != Refinement::kCoarse ? cone.size() : 0;
}

int TaskPlan::iterations() const { return Iterations(options); }

int TaskPlan::optimize_steps() const {
  return options.refinement == Refinement::kPatchMatchAndOptimize ? options.optimize_steps : 0;
}

namespace {

int AxisNodes(int pixels, int stride) { return (pixels - 1 + stride - 1) / stride + 1; }

}  // namespace

ImageSize LatticeSize(ImageSize query, const MatchOptions& options) {
  if (options.refinement == Refinement::kCoarse) return query;
  return {AxisNodes(query.width, options.lattice_stride),
          AxisNodes(query.height, options.lattice_stride)};
}

LatticeView MakeLattice(ImageSize query, const MatchOptions& options) {
  const ImageSize lattice = LatticeSize(query, options);
  return {lattice.width, lattice.height, query.width, query.height};
}

}  // namespace nemf
