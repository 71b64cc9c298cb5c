// What holds for every schedule: REFERENCE and those that save work.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "server/engine/engine.h"
#include "server/engine/matching/task_plan.h"
#include "server/engine/matching/work_bound.h"
#include "server/engine/presets.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using testing::EncodeBlank;
using testing::MakeTestEngine;
using testing::RunToEnd;
using testing::SameBits;

struct NamedSchedule {
  std::string name;
  MatchOptions options;
};

// What ctest calls the case.
void PrintTo(const NamedSchedule& schedule, std::ostream* out) { *out << schedule.name; }

// A stride without a shrinking search, without the nodes' optimisation, or without candidates.
std::vector<NamedSchedule> Schedules() {
  MatchOptions bilinear;
  bilinear.lattice_stride = 3;
  bilinear.patchmatch_iterations = 3;
  bilinear.refinement = Refinement::kPatchMatch;
  MatchOptions still = BalancedSchedule();
  still.patchmatch_iterations = 0;
  std::vector<NamedSchedule> schedules = {{"reference", ReferenceSchedule()},
                                          {"balanced", BalancedSchedule()},
                                          {"fast", FastSchedule()},
                                          {"bilinear", bilinear},
                                          {"still", still}};
  for (NamedSchedule& each : schedules) each.options.seed = 0x9876543210ULL;
  return schedules;
}

class ScheduleTest : public ::testing::TestWithParam<NamedSchedule> {
 protected:
  const MatchOptions& options() const { return GetParam().options; }
};

INSTANTIATE_TEST_SUITE_P(Schedules, ScheduleTest, ::testing::ValuesIn(Schedules()),
                         [](const auto& info) { return info.param.name; });

constexpr ImageSize kOddSizes[] = {{1, 1}, {1, 9},  {9, 1},   {2, 2},   {3, 2},    {1, 40},
                                   {6, 6}, {11, 5}, {37, 23}, {41, 33}, {4096, 1}, {2, 300}};

// About `count` of the image's pixels, its corners among them.
std::vector<int> SomePixels(ImageSize size, int count) {
  const int pixels = size.width * size.height;
  std::vector<int> out = {0, size.width - 1, pixels - size.width, pixels - 1};
  for (int pixel = 0; pixel < pixels; pixel += 1 + pixels / count) out.push_back(pixel);
  return out;
}

Point AtPixel(int pixel, ImageSize size) {
  return {static_cast<float>(pixel % size.width), static_cast<float>(pixel / size.width)};
}

TEST_P(ScheduleTest, KeypointsOnPixelsEqualTheDenseRunBitForBit) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  for (const ImageSize size : kOddSizes) {
    SCOPED_TRACE(::testing::PrintToString(size));
    const auto pair = EncodeBlank(engine.get(), size);
    const std::vector<Match> dense = RunToEnd(engine.get(), pair, {}, options());
    ASSERT_EQ(dense.size(), static_cast<std::size_t>(size.width) * size.height);
    std::vector<Point> keypoints;
    std::vector<Match> expected;
    for (const int pixel : SomePixels(size, 20)) {
      keypoints.push_back(AtPixel(pixel, size));
      expected.push_back(dense[pixel]);
    }
    EXPECT_TRUE(SameBits(expected, RunToEnd(engine.get(), pair, keypoints, options(), 777)));
    for (std::size_t i = 0; i < keypoints.size(); i += 5) {
      EXPECT_TRUE(SameBits({expected[i]}, RunToEnd(engine.get(), pair, {keypoints[i]}, options())))
          << "pixel " << keypoints[i].x << ", " << keypoints[i].y;
    }
  }
}

TEST_P(ScheduleTest, KeypointsBetweenPixelsDoNotDependOnOthers) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  testing::Random random(seed);
  for (const ImageSize size : kOddSizes) {
    SCOPED_TRACE(::testing::PrintToString(size));
    const float right = static_cast<float>(size.width - 1);
    const float bottom = static_cast<float>(size.height - 1);
    std::vector<Point> keypoints = {{right, 0.37f * bottom}, {0.61f * right, bottom}};
    for (int i = 0; i < 6; ++i) {
      keypoints.push_back({right * (1 + random.Next()) / 2, bottom * (1 + random.Next()) / 2});
    }
    const auto pair = EncodeBlank(engine.get(), size);
    const std::vector<Match> together = RunToEnd(engine.get(), pair, keypoints, options());
    for (std::size_t i = 0; i < keypoints.size(); ++i) {
      EXPECT_TRUE(std::isfinite(together[i].score));
      EXPECT_TRUE(SameBits({together[i]}, RunToEnd(engine.get(), pair, {keypoints[i]}, options())))
          << "keypoint " << keypoints[i].x << ", " << keypoints[i].y;
    }
  }
}

// Eight pairs of all kinds of schedule go together, in steps of any size.
TEST(Schedules, ResultsDoNotDependOnTheCompanyNorOnTheCut) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  testing::Random random(seed);
  const std::vector<NamedSchedule> schedules = Schedules();
  std::vector<std::unique_ptr<MatchTask>> tasks;
  std::vector<std::vector<Match>> alone;
  for (int i = 0; i < 8; ++i) {
    const auto pair =
        EncodeBlank(engine.get(), {5 + random.Below(50), 5 + random.Below(40)}, {30, 60});
    const MatchOptions& options = schedules[i % schedules.size()].options;
    std::vector<Point> keypoints;
    if (i >= 5) keypoints = {{1.25f, 2}, {3, 4}};
    alone.push_back(RunToEnd(engine.get(), pair, keypoints, options, 1 << 30));
    tasks.push_back(engine->Start(pair, keypoints, options));
  }
  std::vector<MatchTask*> left;
  for (const auto& task : tasks) left.push_back(task.get());
  std::mt19937 shuffler(seed);
  while (!left.empty()) {
    std::shuffle(left.begin(), left.end(), shuffler);
    engine->Step(left, 1 + random.Below(20000)).value();
    left.erase(std::remove_if(left.begin(), left.end(), [](auto* task) { return task->done(); }),
               left.end());
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_TRUE(SameBits(alone[i], tasks[i]->TakeResult())) << "pair " << i;
  }
}

TEST_P(ScheduleTest, StaysWithinItsBoundsOfWork) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const ImageSize size = {45, 31};
  const auto pair = EncodeBlank(engine.get(), size);
  for (const std::vector<Point>& keypoints : {std::vector<Point>{}, {{7, 7.5f}, {44, 30}}}) {
    const auto task = engine->Start(pair, keypoints, options());
    EXPECT_LE(task->queries_left(), engine->BoundQueries(size, keypoints, options(), 0));
    std::int64_t bound = task->queries_left();
    while (!task->done()) {
      const std::int64_t step = engine->Step({task.get()}, 3000).value();
      EXPECT_GT(step, 0);
      EXPECT_LE(task->queries_left(), bound - step);
      bound = task->queries_left();
    }
    EXPECT_EQ(bound, 0);
  }
}

std::int64_t Spend(Engine* engine, ImageSize size, std::vector<Point> keypoints,
                   const MatchOptions& options) {
  const auto task = engine->Start(EncodeBlank(engine, size), std::move(keypoints), options);
  while (!task->done()) engine->Step({task.get()}, 1'000'000).value();
  return task->queries_spent();
}

TEST(Presets, BalancedNeedsATenthOfReferencesQueriesForADenseFlow) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  for (const ImageSize size : {ImageSize{160, 120}, ImageSize{64, 200}}) {
    const std::int64_t reference = Spend(engine.get(), size, {}, ReferenceSchedule());
    const std::int64_t balanced = Spend(engine.get(), size, {}, BalancedSchedule());
    const std::int64_t fast = Spend(engine.get(), size, {}, FastSchedule());
    RecordProperty("reference_to_balanced",
                   std::to_string(static_cast<double>(reference) / balanced));
    EXPECT_LE(10 * balanced, reference) << balanced << " of " << reference;
    EXPECT_LE(3 * fast, 2 * balanced) << fast << " of " << balanced;
  }
}

TEST(Presets, KeypointsCostLessInTheirOrder) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const std::vector<Point> keypoints = {{100.5f, 80}, {20, 17.25f}, {255, 0}};
  const ImageSize size = {256, 192};
  const std::int64_t reference = Spend(engine.get(), size, keypoints, ReferenceSchedule());
  const std::int64_t balanced = Spend(engine.get(), size, keypoints, BalancedSchedule());
  const std::int64_t fast = Spend(engine.get(), size, keypoints, FastSchedule());
  EXPECT_LT(3 * balanced, reference);
  EXPECT_LT(2 * fast, balanced);
}

TEST(Lattice, HasTheLeastNodesThatKeepTheStride) {
  MatchOptions options;
  options.lattice_stride = 5;
  for (int pixels = 1; pixels < 40; ++pixels) {
    const int nodes = LatticeSize({pixels, 7}, options).width;
    EXPECT_GE(5 * (nodes - 1), pixels - 1) << pixels;
    EXPECT_LT(5 * (nodes - 2), std::max(pixels - 1, 1)) << pixels;
  }
  options.refinement = Refinement::kCoarse;
  EXPECT_EQ(LatticeSize({40, 30}, options).width, 40);
}

}  // namespace
}  // namespace nemf
