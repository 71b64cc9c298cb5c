#include "server/service/correspondence/parse_request.h"

#include <gtest/gtest.h>

#include <limits>
#include <tuple>
#include <utility>

#include "server/engine/presets.h"

namespace nemf {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::string ErrorOf(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

std::string OptionsError(const v1::MatchOptions& options) {
  return ErrorOf(ToMatchOptions(options, {}).status());
}

v1::TransferKeypointsRequest Transfer(const std::vector<Point>& points) {
  v1::TransferKeypointsRequest request;
  for (const Point& point : points) {
    v1::Point* message = request.add_keypoints();
    message->set_x(point.x);
    message->set_y(point.y);
  }
  return request;
}

// All fields that a schedule has.
auto Fields(const MatchOptions& o) {
  return std::tuple(o.refinement, o.seed, o.patchmatch_iterations, o.search_radius,
                    o.optimize_steps, o.learning_rate, o.final_learning_rate, o.weight_decay,
                    o.lattice_stride, o.upsample_candidates, o.search_candidates, o.search_decay);
}

TEST(ToMatchOptionsTest, MapsEveryPreset) {
  for (const auto& [preset, schedule] :
       {std::pair(v1::PRESET_UNSPECIFIED, BalancedSchedule()),
        std::pair(v1::REFERENCE, MatchOptions()), std::pair(v1::BALANCED, BalancedSchedule()),
        std::pair(v1::FAST, FastSchedule())}) {
    v1::MatchOptions message;
    message.set_preset(preset);
    const absl::StatusOr<MatchOptions> options = ToMatchOptions(message, {});
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(Fields(*options), Fields(schedule)) << v1::Preset_Name(preset);
  }
}

TEST(ToMatchOptionsTest, OverridesThePreset) {
  v1::MatchOptions message;
  message.set_preset(v1::FAST);
  message.set_refinement(v1::PATCHMATCH);
  message.set_seed(0x123456789ABCDEFULL);
  message.set_patchmatch_iterations(0);
  message.set_search_radius(2);
  message.set_optimize_steps(1000);
  message.set_lattice_stride(1);
  message.set_upsample_candidates(0);
  message.set_search_candidates(16);
  message.set_search_decay(1);
  const absl::StatusOr<MatchOptions> options = ToMatchOptions(message, {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->refinement, Refinement::kPatchMatch);
  EXPECT_EQ(options->seed, 0x123456789ABCDEFULL);
  EXPECT_EQ(options->patchmatch_iterations, 0);
  EXPECT_EQ(options->search_radius, 2);
  EXPECT_EQ(options->optimize_steps, 1000);
  EXPECT_EQ(options->lattice_stride, 1);
  EXPECT_EQ(options->upsample_candidates, 0);
  EXPECT_EQ(options->search_candidates, 16);
  EXPECT_EQ(options->search_decay, 1);
}

TEST(ToMatchOptionsTest, MapsEveryRefinement) {
  for (const auto& [message, refinement] :
       {std::pair(v1::REFINEMENT_UNSPECIFIED, Refinement::kPatchMatchAndOptimize),
        std::pair(v1::COARSE, Refinement::kCoarse),
        std::pair(v1::PATCHMATCH, Refinement::kPatchMatch),
        std::pair(v1::PATCHMATCH_AND_OPTIMIZE, Refinement::kPatchMatchAndOptimize)}) {
    v1::MatchOptions options;
    options.set_refinement(message);
    EXPECT_EQ(ToMatchOptions(options, {})->refinement, refinement);
  }
}

TEST(ToMatchOptionsTest, NamesUnknownEnumValues) {
  v1::MatchOptions options;
  options.set_preset(static_cast<v1::Preset>(9));
  EXPECT_EQ(OptionsError(options), "options.preset = 9, must be REFERENCE, BALANCED or FAST");
  options.set_preset(v1::FAST);
  options.set_refinement(static_cast<v1::Refinement>(-1));
  EXPECT_EQ(OptionsError(options),
            "options.refinement = -1, must be COARSE, PATCHMATCH or PATCHMATCH_AND_OPTIMIZE");
}

TEST(ToMatchOptionsTest, NamesAbsurdSchedules) {
  v1::MatchOptions options;
  options.set_patchmatch_iterations(100'000);
  EXPECT_EQ(OptionsError(options), "options.patchmatch_iterations = 100000, must be <= 1000");
  options.set_patchmatch_iterations(0xFFFFFFFF);
  EXPECT_EQ(OptionsError(options), "options.patchmatch_iterations = 4294967295, must be <= 1000");
  options.clear_patchmatch_iterations();
  options.set_optimize_steps(1001);
  EXPECT_EQ(OptionsError(options), "options.optimize_steps = 1001, must be <= 1000");
}

TEST(ToMatchOptionsTest, NamesAbsurdSavings) {
  using Change = void (*)(v1::MatchOptions*);
  for (const auto& [change, error] : {
           std::pair<Change, const char*>([](auto* o) { o->set_lattice_stride(0); },
                                          "options.lattice_stride = 0, must be >= 1 and <= 64"),
           {[](auto* o) { o->set_lattice_stride(4294967295u); },
            "options.lattice_stride = 4294967295, must be >= 1 and <= 64"},
           {[](auto* o) { o->set_upsample_candidates(5); },
            "options.upsample_candidates = 5, must be >= 0 and <= 4"},
           {[](auto* o) { o->set_search_candidates(17); },
            "options.search_candidates = 17, must be >= 1 and <= 16"},
           {[](auto* o) { o->set_search_decay(0); },
            "options.search_decay = 0, must be > 0 and <= 1"},
           {[](auto* o) { o->set_search_decay(kNan); },
            "options.search_decay = nan, must be > 0 and <= 1"},
       }) {
    v1::MatchOptions options;
    change(&options);
    EXPECT_EQ(OptionsError(options), error);
  }
}

TEST(ToMatchOptionsTest, NamesAbsurdRadii) {
  for (const auto& [radius, text] :
       {std::pair(0.0f, "0"), std::pair(-0.5f, "-0.5"), std::pair(2.5f, "2.5"),
        std::pair(kNan, "nan"), std::pair(kInfinity, "inf")}) {
    v1::MatchOptions options;
    options.set_search_radius(radius);
    EXPECT_EQ(OptionsError(options),
              std::string("options.search_radius = ") + text + ", must be > 0 and <= 2");
  }
}

TEST(ParseTransferTest, KeepsTheOrder) {
  v1::TransferKeypointsRequest request = Transfer({{1, 2}, {3.5, 4}});
  request.mutable_options()->set_seed(7);
  const absl::StatusOr<KeypointsSpec> spec = ParseTransfer(request, {});
  ASSERT_TRUE(spec.ok());
  ASSERT_EQ(spec->keypoints.size(), 2);
  EXPECT_EQ(spec->keypoints[1].x, 3.5);
  EXPECT_EQ(spec->keypoints[1].y, 4);
  EXPECT_EQ(spec->options.seed, 7);
}

TEST(ParseTransferTest, NamesTheBrokenRule) {
  RequestLimits limits;
  limits.max_keypoints = 2;
  EXPECT_EQ(ErrorOf(ParseTransfer(Transfer({}), limits).status()),
            "keypoints = 0 points, must be >= 1 and <= 2");
  EXPECT_EQ(ErrorOf(ParseTransfer(Transfer({{}, {}, {}}), limits).status()),
            "keypoints = 3 points, must be >= 1 and <= 2");
  EXPECT_EQ(ErrorOf(ParseTransfer(Transfer({{1, 2}, {kNan, 2}}), limits).status()),
            "keypoints[1].x = nan, must be finite");
  EXPECT_EQ(ErrorOf(ParseTransfer(Transfer({{1, -kInfinity}}), limits).status()),
            "keypoints[0].y = -inf, must be finite");
}

absl::Status CheckInside(const std::vector<Point>& points, ImageSize query) {
  return CheckInside(KeypointsSpec{.keypoints = points, .options = {}}, query);
}

TEST(CheckInsideTest, TakesTheBorderAndNothingBeyond) {
  EXPECT_TRUE(CheckInside({{0, 0}, {9, 4}, {4.5, 2.5}}, {10, 5}).ok());
  EXPECT_TRUE(CheckInside({{0, 0}}, {1, 1}).ok());
  EXPECT_EQ(ErrorOf(CheckInside({{0, 0}, {9.5, 0}}, {10, 5})),
            "keypoints[1].x = 9.5, must be >= 0 and <= 9 (query width - 1)");
  EXPECT_EQ(ErrorOf(CheckInside({{9, 5}}, {10, 5})),
            "keypoints[0].y = 5, must be >= 0 and <= 4 (query height - 1)");
  EXPECT_EQ(ErrorOf(CheckInside({{-0.25, 0}}, {10, 5})),
            "keypoints[0].x = -0.25, must be >= 0 and <= 9 (query width - 1)");
  const FieldSpec field{.point = {9, 5}, .nodes = {2, 2}};
  EXPECT_TRUE(CheckInside(field, {10, 6}).ok());
  EXPECT_EQ(ErrorOf(CheckInside(field, {10, 5})),
            "point.y = 5, must be >= 0 and <= 4 (query height - 1)");
  EXPECT_TRUE(CheckInside(FlowSpec{}, {1, 1}).ok());
}

TEST(ParseFlowTest, ReadsWhatTheSchedulerNeeds) {
  v1::ComputeFlowRequest request;
  request.mutable_options()->set_seed(9);
  request.add_preview_iterations(0);
  request.add_preview_iterations(4);
  for (const bool consistency : {false, true}) {
    request.set_with_consistency(consistency);
    const absl::StatusOr<FlowSpec> spec = ParseFlow(request, {});
    ASSERT_TRUE(spec.ok());
    EXPECT_EQ(spec->options.seed, 9);
    EXPECT_EQ(spec->snapshots, (std::vector<int>{0, 4}));
    EXPECT_EQ(spec->both_ways, consistency);
  }
}

TEST(ParseFlowTest, KnowsTwoTypes) {
  v1::ComputeFlowRequest request;
  for (const v1::FlowType type : {v1::FLOW_TYPE_UNSPECIFIED, v1::FLOAT32, v1::FLOAT16}) {
    request.set_type(type);
    EXPECT_TRUE(ParseFlow(request, {}).ok());
  }
  request.set_type(static_cast<v1::FlowType>(3));
  EXPECT_EQ(ErrorOf(ParseFlow(request, {}).status()), "type = 3, must be FLOAT32 or FLOAT16");
}

TEST(ToImageSourceTest, ViewsTheMessage) {
  v1::Image image;
  EXPECT_TRUE(std::holds_alternative<std::monostate>(ToImageSource(image)));
  image.set_encoded("abc");
  EXPECT_EQ(std::get<ImageFile>(ToImageSource(image)).bytes, "abc");
  v1::RawImage* raw = image.mutable_raw();
  raw->set_format(v1::RawImage::GRAY8);
  raw->set_width(3);
  raw->set_height(2);
  raw->set_stride(4);
  raw->set_data("abcd");
  const RawPixels pixels = std::get<RawPixels>(ToImageSource(image));
  EXPECT_EQ(pixels.format, PixelFormat::kGray8);
  EXPECT_EQ(pixels.width, 3);
  EXPECT_EQ(pixels.height, 2);
  EXPECT_EQ(pixels.stride, 4);
  EXPECT_EQ(pixels.bytes.data(), image.raw().data().data());
}

TEST(ToPriorityTest, TakesTheKindsUnlessAskedOtherwise) {
  EXPECT_EQ(*ToPriority("", JobKind::kKeypoints), Priority::kNormal);
  EXPECT_EQ(*ToPriority("", JobKind::kField), Priority::kNormal);
  EXPECT_EQ(*ToPriority("", JobKind::kFlow), Priority::kLow);
  EXPECT_EQ(*ToPriority("high", JobKind::kFlow), Priority::kHigh);
  EXPECT_EQ(*ToPriority("low", JobKind::kKeypoints), Priority::kLow);
  EXPECT_EQ(ErrorOf(ToPriority("High", JobKind::kFlow).status()),
            "metadata x-nemf-priority = \"High\", must be low, normal or high");
}

TEST(RequestLimitsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(RequestLimits().Validate().ok());
  const auto error = [](auto change) {
    RequestLimits limits;
    change(limits);
    return ErrorOf(limits.Validate());
  };
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_image_bytes = 0; }),
            "RequestLimits.max_image_bytes = 0, must be >= 1");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_image_pixels = -1; }),
            "RequestLimits.max_image_pixels = -1, must be >= 1");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_image_side = 0; }),
            "RequestLimits.max_image_side = 0, must be >= 1");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_image_side = 65'501; }),
            "RequestLimits.max_image_side = 65501, must be <= 65500");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_keypoints = 0; }),
            "RequestLimits.max_keypoints = 0, must be >= 1");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_patchmatch_iterations = -1; }),
            "RequestLimits.max_patchmatch_iterations = -1, must be >= 0");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_optimize_steps = -1; }),
            "RequestLimits.max_optimize_steps = -1, must be >= 0");
  EXPECT_EQ(error([](RequestLimits& limits) { limits.max_stream_pairs = 0; }),
            "RequestLimits.max_stream_pairs = 0, must be >= 1");
}

}  // namespace
}  // namespace nemf
