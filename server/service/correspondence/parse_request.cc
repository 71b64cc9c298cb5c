#include "server/service/correspondence/parse_request.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/engine/presets.h"
#include "server/service/rpc/rpc_context.h"

namespace nemf {
namespace {

using absl::InvalidArgumentError;
using absl::StrCat;

absl::Status CheckAtMost(absl::string_view field, std::uint32_t value, int most) {
  if (value <= static_cast<std::uint32_t>(most)) return absl::OkStatus();
  return InvalidArgumentError(StrCat(field, " = ", value, ", must be <= ", most));
}

// Returns the schedule of a preset, BALANCED if none is named; nullopt for an unknown one.
std::optional<MatchOptions> ToSchedule(v1::Preset preset) {
  switch (preset) {
    case v1::REFERENCE:
      return ReferenceSchedule();
    case v1::PRESET_UNSPECIFIED:
    case v1::BALANCED:
      return BalancedSchedule();
    case v1::FAST:
      return FastSchedule();
    default:
      return std::nullopt;
  }
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

// Checks a point's x and y; `rule` returns the text of a broken rule, or an empty text.
template <typename Rule>
absl::Status CheckPoint(absl::string_view name, Point point, Rule rule) {
  for (const bool is_x : {true, false}) {
    const float value = is_x ? point.x : point.y;
    const std::string broken = rule(is_x, value);
    if (broken.empty()) continue;
    return InvalidArgumentError(StrCat(name, is_x ? ".x = " : ".y = ", value, ", ", broken));
  }
  return absl::OkStatus();
}

// Checks every keypoint likewise.
template <typename Rule>
absl::Status CheckEach(const std::vector<Point>& keypoints, Rule rule) {
  for (std::size_t i = 0; i < keypoints.size(); ++i) {
    absl::Status status = CheckPoint(StrCat("keypoints[", i, "]"), keypoints[i], rule);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string MustBeFinite(bool /*is_x*/, float value) {
  return std::isfinite(value) ? "" : "must be finite";
}

// The rule of points inside an image.
struct MustBeInside {
  ImageSize query;

  std::string operator()(bool is_x, float value) const {
    const int last = (is_x ? query.width : query.height) - 1;
    if (value >= 0 && value <= static_cast<float>(last)) return "";
    return StrCat("must be >= 0 and <= ", last, " (query ", is_x ? "width" : "height", " - 1)");
  }
};

// Replaces `value` by a field of the request if it is set.
absl::Status Override(absl::string_view field, bool is_set, std::uint32_t request, int least,
                      int most, int* value) {
  if (!is_set) return absl::OkStatus();
  if (request < static_cast<std::uint32_t>(least) || request > static_cast<std::uint32_t>(most)) {
    return InvalidArgumentError(
        StrCat(field, " = ", request, ", must be >= ", least, " and <= ", most));
  }
  *value = static_cast<int>(request);
  return absl::OkStatus();
}

// Applies the overrides of the parameters with which presets save work.
absl::Status OverrideSavings(const v1::MatchOptions& options, MatchOptions* result) {
  absl::Status status =
      Override("options.lattice_stride", options.has_lattice_stride(), options.lattice_stride(), 1,
               kMaxLatticeStride, &result->lattice_stride);
  status.Update(Override("options.upsample_candidates", options.has_upsample_candidates(),
                         options.upsample_candidates(), 0, kMaxUpsampleNodes,
                         &result->upsample_candidates));
  status.Update(Override("options.search_candidates", options.has_search_candidates(),
                         options.search_candidates(), 1, kMaxSearchCandidates,
                         &result->search_candidates));
  if (!status.ok() || !options.has_search_decay()) return status;
  const float decay = options.search_decay();
  if (!(decay > 0 && decay <= 1)) {  // NaN too
    return InvalidArgumentError(StrCat("options.search_decay = ", decay, ", must be > 0 and <= 1"));
  }
  result->search_decay = decay;
  return absl::OkStatus();
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

  if (absl::Status status = CheckEach(points, MustBeFinite); !status.ok()) return status;
  return points;
}

absl::StatusOr<std::vector<int>> ToPreviewIterations(
    const google::protobuf::RepeatedField<std::uint32_t>& iterations, const RequestLimits& limits) {
  constexpr int kMostPreviews = 32;
  if (iterations.size() > kMostPreviews) {
    return InvalidArgumentError(StrCat("preview_iterations = ", iterations.size(),
                                       " iterations, must be <= ", kMostPreviews));
  }
  std::vector<int> result;
  for (int i = 0; i < iterations.size(); ++i) {
    const std::string field = StrCat("preview_iterations[", i, "]");
    absl::Status status = CheckAtMost(field, iterations[i], limits.max_patchmatch_iterations);
    if (!status.ok()) return status;
    const int iteration = static_cast<int>(iterations[i]);
    if (!result.empty() && iteration <= result.back()) {
      return InvalidArgumentError(
          StrCat(field, " = ", iteration, ", must be > ", result.back(), ", the one before it"));
    }
    result.push_back(iteration);
  }
  return result;
}

absl::Status CheckFlowType(v1::FlowType type) {
  if (type == v1::FLOW_TYPE_UNSPECIFIED || type == v1::FLOAT32 || type == v1::FLOAT16) {
    return absl::OkStatus();
  }
  return InvalidArgumentError(StrCat("type = ", type, ", must be FLOAT32 or FLOAT16"));
}

absl::StatusOr<Point> ToFieldPoint(const v1::SampleFieldRequest& request) {
  if (!request.has_point()) return InvalidArgumentError("point is missing, must be given");
  const Point point = {request.point().x(), request.point().y()};
  if (absl::Status status = CheckPoint("point", point, MustBeFinite); !status.ok()) return status;
  return point;
}

// Returns the columns and rows of a field's grid, with the defaults in place.
absl::StatusOr<ImageSize> ToFieldNodes(const v1::SampleFieldRequest& request,
                                       const RequestLimits& limits) {
  constexpr std::uint32_t kDefaultNodes = 64;
  const std::uint32_t columns = request.columns() == 0 ? kDefaultNodes : request.columns();
  const std::uint32_t rows = request.rows() == 0 ? kDefaultNodes : request.rows();
  for (const auto& [name, value] : {std::pair("columns", columns), std::pair("rows", rows)}) {
    if (value < 2) return InvalidArgumentError(StrCat(name, " = ", value, ", must be >= 2"));
  }
  if (std::uint64_t{columns} * rows > static_cast<std::uint64_t>(limits.max_field_nodes)) {
    return InvalidArgumentError(
        StrCat("columns * rows = ", columns, " * ", rows, ", must be <= ", limits.max_field_nodes));
  }
  return ImageSize{static_cast<int>(columns), static_cast<int>(rows)};
}

}  // namespace

absl::StatusOr<KeypointsSpec> ParseTransfer(const v1::TransferKeypointsRequest& request,
                                            const RequestLimits& limits) {
  const absl::StatusOr<MatchOptions> options = ToMatchOptions(request.options(), limits);
  if (!options.ok()) return options.status();
  absl::StatusOr<std::vector<Point>> keypoints = ToKeypoints(request.keypoints(), limits);
  if (!keypoints.ok()) return keypoints.status();
  return KeypointsSpec{.keypoints = *std::move(keypoints), .options = *options};
}

absl::StatusOr<FlowSpec> ParseFlow(const v1::ComputeFlowRequest& request,
                                   const RequestLimits& limits) {
  const absl::StatusOr<MatchOptions> options = ToMatchOptions(request.options(), limits);
  if (!options.ok()) return options.status();
  if (absl::Status status = CheckFlowType(request.type()); !status.ok()) return status;
  absl::StatusOr<std::vector<int>> previews =
      ToPreviewIterations(request.preview_iterations(), limits);
  if (!previews.ok()) return previews.status();
  return FlowSpec{.options = *options,
                  .snapshots = *std::move(previews),
                  .both_ways = request.with_consistency()};
}

absl::StatusOr<FieldSpec> ParseField(const v1::SampleFieldRequest& request,
                                     const RequestLimits& limits) {
  const absl::StatusOr<Point> point = ToFieldPoint(request);
  if (!point.ok()) return point.status();
  const absl::StatusOr<ImageSize> nodes = ToFieldNodes(request, limits);
  if (!nodes.ok()) return nodes.status();
  return FieldSpec{.point = *point, .nodes = *nodes};
}

absl::Status CheckInside(const JobSpec& spec, ImageSize query) {
  if (const auto* field = std::get_if<FieldSpec>(&spec)) {
    return CheckPoint("point", field->point, MustBeInside{query});
  }
  if (const auto* keypoints = std::get_if<KeypointsSpec>(&spec)) {
    return CheckEach(keypoints->keypoints, MustBeInside{query});
  }
  return absl::OkStatus();
}

absl::StatusOr<MatchOptions> ToMatchOptions(const v1::MatchOptions& options,
                                            const RequestLimits& limits) {
  std::optional<MatchOptions> preset = ToSchedule(options.preset());
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
  if (absl::Status status = OverrideSavings(options, &result); !status.ok()) return status;
  return result;
}

absl::StatusOr<Priority> ToPriority(const std::string& asked, JobKind kind) {
  if (asked.empty()) return kind == JobKind::kFlow ? Priority::kLow : Priority::kNormal;
  if (asked == "low") return Priority::kLow;
  if (asked == "normal") return Priority::kNormal;
  if (asked == "high") return Priority::kHigh;
  return InvalidArgumentError(
      StrCat("metadata ", kPriorityKey, " = \"", asked, "\", must be low, normal or high"));
}

ImageSource ToImageSource(const v1::Image& image) {
  static_assert(v1::RawImage::RGB8 == static_cast<int>(PixelFormat::kRgb8));
  static_assert(v1::RawImage::BGR8 == static_cast<int>(PixelFormat::kBgr8));
  static_assert(v1::RawImage::GRAY8 == static_cast<int>(PixelFormat::kGray8));
  if (image.has_encoded()) return ImageFile{image.encoded()};
  if (!image.has_raw()) return std::monostate();
  const v1::RawImage& raw = image.raw();
  return RawPixels{.bytes = raw.data(),
                   .width = raw.width(),
                   .height = raw.height(),
                   .stride = raw.stride(),
                   .format = static_cast<PixelFormat>(raw.format())};
}

}  // namespace nemf
