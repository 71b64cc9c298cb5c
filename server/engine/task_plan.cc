#include "server/engine/task_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nemf {

namespace {

int Iterations(const MatchOptions& options) {
  return options.refinement == Refinement::kCoarse ? 0 : options.patchmatch_iterations;
}

std::vector<KeypointSupport> FindSupports(const std::vector<Point>& keypoints, ImageSize size) {
  std::vector<KeypointSupport> supports;
  supports.reserve(keypoints.size());
  for (const Point& keypoint : keypoints) supports.push_back(FindSupport(keypoint, size));
  return supports;
}

ActiveSet MakeActiveSet(const std::vector<KeypointSupport>& supports, ImageSize size,
                        const MatchOptions& options) {
  if (supports.empty()) return ActiveSet::All(size, Iterations(options));
  std::vector<int> pixels;
  for (const KeypointSupport& support : supports) {
    pixels.insert(pixels.end(), support.pixel, support.pixel + 4);
  }
  return ActiveSet::Cone(size, pixels, Iterations(options));
}

MatchOptions NoRefinement() {
  MatchOptions options;
  options.refinement = Refinement::kCoarse;
  return options;
}

}  // namespace

KeypointSupport FindSupport(Point keypoint, ImageSize size) {
  const float x = std::clamp(keypoint.x, 0.0f, static_cast<float>(size.width - 1));
  const float y = std::clamp(keypoint.y, 0.0f, static_cast<float>(size.height - 1));
  const int x0 = static_cast<int>(x);
  const int y0 = static_cast<int>(y);
  const float fraction_x = x - static_cast<float>(x0);
  const float fraction_y = y - static_cast<float>(y0);
  // A pixel of weight 0 need not be worked out.
  const int x1 = fraction_x > 0 ? x0 + 1 : x0;
  const int y1 = fraction_y > 0 ? y0 + 1 : y0;
  const int width = size.width;
  return {
      {y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1}, fraction_x, fraction_y};
}

TaskPlan::TaskPlan(std::shared_ptr<const EncodedPair> pair, std::vector<Point> keypoints,
                   const MatchOptions& options)
    : pair(std::move(pair)),
      keypoints(std::move(keypoints)),
      supports(FindSupports(this->keypoints, this->pair->query_size())),
      options(options),
      active(MakeActiveSet(supports, this->pair->query_size(), options)) {}

TaskPlan::TaskPlan(std::shared_ptr<const EncodedPair> pair, Point query, ImageSize nodes)
    : TaskPlan(std::move(pair), {query}, NoRefinement()) {
  field_nodes = nodes;
}

int TaskPlan::num_points() const {
  if (samples_field()) return field_nodes.width * field_nodes.height;
  const ImageSize size = pair->query_size();
  return dense() ? size.width * size.height : static_cast<int>(keypoints.size());
}

int TaskPlan::iterations() const { return Iterations(options); }

int TaskPlan::optimize_steps() const {
  return options.refinement == Refinement::kPatchMatchAndOptimize ? options.optimize_steps : 0;
}

}  // namespace nemf
