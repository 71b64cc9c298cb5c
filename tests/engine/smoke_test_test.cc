#include "server/engine/checks/smoke_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class Pair final : public EncodedPair {
 public:
  explicit Pair(ImageSize query) : query_(query) {}
  ImageSize query_size() const override { return query_; }
  ImageSize reference_size() const override { return {}; }
  std::size_t bytes() const override { return 0; }
  std::vector<float> SampleCost(Point, ImageSize) const override { return {}; }

 private:
  const ImageSize query_;
};

// Answers after one step.
class OneStepTask final : public MatchTask {
 public:
  explicit OneStepTask(std::vector<Match> answer) : answer_(std::move(answer)) {}
  bool done() const override { return done_; }
  std::int64_t queries_spent() const override { return done_; }
  std::int64_t queries_left() const override { return !done_; }
  std::vector<Match> TakeResult() override { return std::move(answer_); }
  void RequestSnapshots(std::vector<int>) override {}
  std::vector<FlowSnapshot> TakeSnapshots() override { return {}; }
  void Finish() { done_ = true; }

 private:
  std::vector<Match> answer_;
  bool done_ = false;
};

// An engine that moves each point by its options; what it gets wrong is the test's choice.
class ShiftEngine final : public Engine {
 public:
  int batch = 1;
  float keypoint_error = 0;
  float dense_score = 1;
  float field_score = 1;
  absl::Status encode_status;
  absl::Status step_status;
  std::vector<std::size_t> passes;  // pairs of each
  int tasks = 0;

  const std::string& device() const override { return device_; }
  int encoder_batch() const override { return batch; }
  std::int64_t BoundQueries(ImageSize, absl::Span<const Point>, const MatchOptions&,
                            int) const override {
    return 1;
  }
  absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) override {
    if (!encode_status.ok()) return encode_status;
    passes.push_back(pairs.size());
    std::vector<std::shared_ptr<const EncodedPair>> encoded;
    for (const ImagePair& pair : pairs) {
      EXPECT_EQ(pair.query->rgb.size(),
                std::size_t{3} * pair.query->size.width * pair.query->size.height);
      encoded.push_back(std::make_shared<Pair>(pair.query->size));
    }
    return encoded;
  }
  std::unique_ptr<MatchTask> Start(std::shared_ptr<const EncodedPair> pair,
                                   std::vector<Point> keypoints, const MatchOptions&) override {
    ++tasks;
    std::vector<Match> answer;
    for (const Point& point : keypoints) answer.push_back({{point.x + keypoint_error, point.y}, 1});
    const ImageSize size = pair->query_size();
    for (int i = 0; keypoints.empty() && i < size.width * size.height; ++i) {
      answer.push_back(
          {{static_cast<float>(i % size.width), static_cast<float>(i / size.width)}, dense_score});
    }
    return std::make_unique<OneStepTask>(std::move(answer));
  }
  std::unique_ptr<MatchTask> StartField(std::shared_ptr<const EncodedPair>, Point,
                                        ImageSize nodes) override {
    ++tasks;
    return std::make_unique<OneStepTask>(
        std::vector<Match>(nodes.width * nodes.height, Match{{0, 0}, field_score}));
  }
  absl::StatusOr<std::int64_t> Step(absl::Span<MatchTask* const> tasks, std::int64_t) override {
    if (!step_status.ok()) return step_status;
    for (MatchTask* task : tasks) static_cast<OneStepTask*>(task)->Finish();
    return 1;
  }

 private:
  const std::string device_ = "cpu";
};

TEST(RunSmokeTestTest, RunsEveryShapeOfTheEncoder) {
  ShiftEngine engine;
  engine.batch = 3;
  EXPECT_TRUE(RunSmokeTest(&engine, 8).ok());
  EXPECT_THAT(engine.passes, ElementsAre(3, 2, 1));
  EXPECT_EQ(engine.tasks, 3) << "a flow, keypoints and a field";
}

TEST(RunSmokeTestTest, RunsNoBatchThatWillNotCome) {
  ShiftEngine engine;
  engine.batch = 1000;
  EXPECT_TRUE(RunSmokeTest(&engine, 2).ok());
  EXPECT_THAT(engine.passes, ElementsAre(2, 1));
}

TEST(RunSmokeTestTest, KeypointsMustBeTheFlowsPixels) {
  ShiftEngine engine;
  engine.keypoint_error = 0.5f;
  const absl::Status status = RunSmokeTest(&engine, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "self-check: the pixel (0, 0) of the built-in pair gets (0.5, 0) with score 1 as a "
            "keypoint and (0, 0) with score 1 in a dense flow");
}

TEST(RunSmokeTestTest, AnswersMustBeFinite) {
  ShiftEngine flow;
  flow.dense_score = kNan;
  EXPECT_THAT(std::string(RunSmokeTest(&flow, 1).message()),
              HasSubstr("built-in pair's flow is (0, 0)"));
  ShiftEngine field;
  field.field_score = INFINITY;
  EXPECT_THAT(std::string(RunSmokeTest(&field, 1).message()), HasSubstr("field is (0, 0)"));
}

TEST(RunSmokeTestTest, PassesOnTheEnginesErrors) {
  ShiftEngine encoder;
  encoder.encode_status = absl::InternalError("no memory");
  EXPECT_EQ(RunSmokeTest(&encoder, 1), encoder.encode_status);
  ShiftEngine step;
  step.step_status = absl::InternalError("lost");
  EXPECT_EQ(RunSmokeTest(&step, 1), step.step_status);
}

}  // namespace
}  // namespace nemf
