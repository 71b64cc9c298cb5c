#include "server/service/request_validation.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/service/presets.h"

namespace nemf {
namespace {

using absl::InvalidArgumentError;
using absl::StrCat;

absl::Status CheckAtMost(absl::string_view field, std::uint32_t value, int most) {
  if (value <= static_cast<std::uint32_t>(most)) return absl::OkStatus();
  return InvalidArgumentError(StrCat(field, " = ", value, ", must be <= ", most));
}

std::optional<Refinement> ToRefinement(v1::Refinement refinement) {
  switch (refinement) {
    case v1::COARSE:
      return Refinement::kCoarse;
    case v1::PATCHMATCH:
      return Refinement::kPatchMatch;
    case v1::REFINEMENT_UNSPECIFIED:
    case v1::PATCHMATCH_AND_OPTIMIZE:
      return Refinement::kPatchMatchAndOptimize;
    default:
      return std::nullopt;
  }
}

// Checks one value of every keypoint's x and y; `rule` returns the broken rule's words, or nothing.
template <typename Rule>
absl::Status CheckEach(const std::vector<Point>& keypoints, Rule rule) {
  for (std::size_t i = 0; i < keypoints.size(); ++i) {
    for (const bool is_x : {true, false}) {
      const float value = is_x ? keypoints[i].x : keypoints[i].y;
      const std::string broken = rule(is_x, value);
      if (broken.empty()) continue;
      return InvalidArgumentError(
          StrCat("keypoints[", i, is_x ? "].x = " : "].y = ", value, ", ", broken));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MatchOptions> ToMatchOptions(const v1::MatchOptions& options,
                                            const RequestLimits& limits) {
  std::optional<MatchOptions> preset = ResolvePreset(options.preset());
  if (!preset) {
    return InvalidArgumentError(
        StrCat("options.preset = ", options.preset(), ", must be REFERENCE, BALANCED or FAST"));
  }
  MatchOptions result = *preset;
  result.seed = options.seed();

  const std::optional<Refinement> refinement = ToRefinement(options.refinement());
  if (!refinement) {
    return InvalidArgumentError(StrCat("options.refinement = ", options.refinement(),
                                       ", must be COARSE, PATCHMATCH or PATCHMATCH_AND_OPTIMIZE"));
  }
  result.refinement = *refinement;

  if (options.has_patchmatch_iterations()) {
    if (absl::Status status =
            CheckAtMost("options.patchmatch_iterations", options.patchmatch_iterations(),
                        limits.max_patchmatch_iterations);
        !status.ok()) {
      return status;
    }
    result.patchmatch_iterations = static_cast<int>(options.patchmatch_iterations());
  }
  if (options.has_optimize_steps()) {
    if (absl::Status status = CheckAtMost("options.optimize_steps", options.optimize_steps(),
                                          limits.max_optimize_steps);
        !status.ok()) {
      return status;
    }
    result.optimize_steps = static_cast<int>(options.optimize_steps());
  }
  if (options.has_search_radius()) {
    const float radius = options.search_radius();
    if (!(radius > 0 && radius <= 2)) {  // NaN too
      return InvalidArgumentError(
          StrCat("options.search_radius = ", radius, ", must be > 0 and <= 2"));
    }
    result.search_radius = radius;
  }
  return result;
}

absl::StatusOr<std::vector<Point>> ToKeypoints(
    const google::protobuf::RepeatedPtrField<v1::Point>& keypoints, const RequestLimits& limits) {
  if (keypoints.empty() || keypoints.size() > limits.max_keypoints) {
    return InvalidArgumentError(StrCat("keypoints = ", keypoints.size(),
                                       " points, must be >= 1 and <= ", limits.max_keypoints));
  }
  std::vector<Point> points;
  points.reserve(static_cast<std::size_t>(keypoints.size()));
  for (const v1::Point& point : keypoints) points.push_back({point.x(), point.y()});

  absl::Status status = CheckEach(points, [](bool, float value) -> std::string {
    return std::isfinite(value) ? "" : "must be finite";
  });
  if (!status.ok()) return status;
  return points;
}

absl::Status CheckInside(const std::vector<Point>& keypoints, ImageSize query) {
  return CheckEach(keypoints, [query](bool is_x, float value) -> std::string {
    const int last = (is_x ? query.width : query.height) - 1;
    if (value >= 0 && value <= static_cast<float>(last)) return "";
    return StrCat("must be >= 0 and <= ", last, " (query ", is_x ? "width" : "height", " - 1)");
  });
}

}  // namespace nemf
