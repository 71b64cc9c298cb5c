#include "server/engine/engine.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "server/engine/cpu/cpu_task.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using testing::EncodeBlank;
using testing::MakeTestEngine;
using testing::RunToEnd;
using testing::SameBits;

MatchOptions FastOptions() {
  MatchOptions options;
  options.patchmatch_iterations = 6;
  options.optimize_steps = 4;
  options.seed = 0x1234567890ULL;
  return options;
}

std::vector<Point> PixelsOf(ImageSize size) {
  std::vector<Point> pixels;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      pixels.push_back({static_cast<float>(x), static_cast<float>(y)});
    }
  }
  return pixels;
}

class SizesTest : public ::testing::TestWithParam<ImageSize> {};

// At a whole pixel a keypoint's answer is the dense answer of the pixel.
TEST_P(SizesTest, KeypointsEqualTheDenseRunBitForBit) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), GetParam());
  MatchOptions options = FastOptions();
  for (const Refinement refinement :
       {Refinement::kCoarse, Refinement::kPatchMatch, Refinement::kPatchMatchAndOptimize}) {
    options.refinement = refinement;
    const std::vector<Match> dense = RunToEnd(engine.get(), pair, {}, options);
    const std::vector<Point> pixels = PixelsOf(GetParam());
    ASSERT_EQ(dense.size(), pixels.size());
    EXPECT_TRUE(SameBits(dense, RunToEnd(engine.get(), pair, pixels, options)));
    for (std::size_t i = 0; i < pixels.size(); i += 1 + pixels.size() / 13) {
      EXPECT_TRUE(SameBits({dense[i]}, RunToEnd(engine.get(), pair, {pixels[i]}, options)))
          << "pixel " << i << ", refinement " << static_cast<int>(refinement);
    }
  }
}

TEST_P(SizesTest, ScoresNeverFallBelowTheCoarseAnswers) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto pair = EncodeBlank(engine.get(), GetParam());
  MatchOptions options = FastOptions();
  options.refinement = Refinement::kCoarse;
  const std::vector<Match> coarse = RunToEnd(engine.get(), pair, {}, options);
  options.refinement = Refinement::kPatchMatch;
  const std::vector<Match> matched = RunToEnd(engine.get(), pair, {}, options);
  double gain = 0;
  for (std::size_t i = 0; i < coarse.size(); ++i) gain += matched[i].score - coarse[i].score;
  EXPECT_GT(gain / static_cast<double>(coarse.size()), 0.0);
}

TEST_P(SizesTest, StayWithinTheRadius) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto pair = EncodeBlank(engine.get(), GetParam(), {201, 101});
  MatchOptions options = FastOptions();
  options.refinement = Refinement::kCoarse;
  const std::vector<Match> coarse = RunToEnd(engine.get(), pair, {}, options);
  options.refinement = Refinement::kPatchMatch;
  const std::vector<Match> matched = RunToEnd(engine.get(), pair, {}, options);
  for (std::size_t i = 0; i < coarse.size(); ++i) {
    ASSERT_LE(std::abs(matched[i].reference.x - coarse[i].reference.x), 10.001f);
    ASSERT_LE(std::abs(matched[i].reference.y - coarse[i].reference.y), 5.001f);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SizesTest,
                         ::testing::Values(ImageSize{1, 1}, ImageSize{1, 9}, ImageSize{9, 1},
                                           ImageSize{2, 2}, ImageSize{3, 2}, ImageSize{37, 23},
                                           ImageSize{64, 48}),
                         [](const auto& info) {
                           return std::to_string(info.param.width) + "x" +
                                  std::to_string(info.param.height);
                         });

TEST(Engine, AnswersFractionalKeypointsFromTheirConeAlone) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), {40, 30});
  testing::Random random(5);
  std::vector<Point> keypoints;
  for (int i = 0; i < 30; ++i) {
    keypoints.push_back({19.5f * (1 + random.Next()), 14.5f * (1 + random.Next())});
  }
  const std::vector<Match> together = RunToEnd(engine.get(), pair, keypoints, FastOptions());
  for (std::size_t i = 0; i < keypoints.size(); ++i) {
    EXPECT_TRUE(
        SameBits({together[i]}, RunToEnd(engine.get(), pair, {keypoints[i]}, FastOptions())));
  }
}

TEST(Engine, ResultsDoNotDependOnTheCut) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), {45, 31});
  const std::vector<Match> whole = RunToEnd(engine.get(), pair, {}, FastOptions(), 1 << 30);
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  testing::Random random(seed);
  for (int n = 0; n < 5; ++n) {
    const auto task = engine->Start(pair, {}, FastOptions());
    while (!task->done()) engine->Step({task.get()}, 1 + random.Below(6000)).value();
    EXPECT_TRUE(SameBits(whole, task->TakeResult()));
  }
}

TEST(Engine, ResultsDoNotDependOnTheThreads) {
  const std::unique_ptr<Engine> one = MakeTestEngine(1);
  const std::unique_ptr<Engine> five = MakeTestEngine(5);
  EXPECT_TRUE(SameBits(RunToEnd(one.get(), EncodeBlank(one.get(), {45, 31}), {}, FastOptions()),
                       RunToEnd(five.get(), EncodeBlank(five.get(), {45, 31}), {}, FastOptions())));
}

TEST(Engine, ResultsDoNotDependOnTheCompany) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  testing::Random random(seed);
  std::vector<std::unique_ptr<MatchTask>> tasks;
  std::vector<MatchTask*> pointers;
  std::vector<std::vector<Match>> alone;
  for (int i = 0; i < 6; ++i) {
    const ImageSize size = {5 + random.Below(40), 5 + random.Below(30)};
    const auto pair = EncodeBlank(engine.get(), size);
    MatchOptions options = FastOptions();
    options.seed = i;
    options.patchmatch_iterations = i;
    std::vector<Point> keypoints;
    if (i % 2 == 0) keypoints = {{1.25f, 2}, {3, 4}};
    alone.push_back(RunToEnd(engine.get(), pair, keypoints, options));
    tasks.push_back(engine->Start(pair, keypoints, options));
    pointers.push_back(tasks.back().get());
  }
  const auto any_left = [&] {
    for (const MatchTask* task : pointers) {
      if (!task->done()) return true;
    }
    return false;
  };
  while (any_left()) engine->Step(pointers, 1 + random.Below(9000)).value();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(SameBits(alone[i], tasks[i]->TakeResult())) << i;
}

TEST(Engine, AccountsForItsQueries) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), {33, 21});
  const auto task = engine->Start(pair, {}, FastOptions());
  std::int64_t spent = 0;
  std::int64_t bound = task->queries_left();
  while (!task->done()) {
    const std::int64_t step = engine->Step({task.get()}, 2000).value();
    EXPECT_GT(step, 0);
    spent += step;
    EXPECT_LE(task->queries_spent(), spent);
    EXPECT_LE(task->queries_left(), bound - step);
    bound = task->queries_left();
  }
  EXPECT_EQ(task->queries_left(), 0);
  EXPECT_EQ(engine->Step({task.get()}, 2000).value(), 0);
}

TEST(Engine, CountsExactlyWhereTheCountIsKnown) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto pair = EncodeBlank(engine.get(), {33, 21});
  MatchOptions options = FastOptions();
  const auto spend = [&](std::vector<Point> keypoints) {
    const auto task = engine->Start(pair, std::move(keypoints), options);
    while (!task->done()) engine->Step({task.get()}, 500).value();
    return task->queries_spent();
  };
  options.refinement = Refinement::kCoarse;
  EXPECT_EQ(spend({}), 33 * 21);
  options.refinement = Refinement::kPatchMatchAndOptimize;
  options.patchmatch_iterations = 0;
  EXPECT_EQ(spend({{3, 4}, {5, 5}, {6, 6.5f}}), 3 * (4 + 1));
  // The first iteration scores own and four different neighbours' values, then one random point.
  options.refinement = Refinement::kPatchMatch;
  options.patchmatch_iterations = 1;
  EXPECT_EQ(spend({{3, 4}}), 6 + 1);
}

TEST(Engine, SpendsAboutWhatItIsAskedTo) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), {80, 60});
  const auto task = engine->Start(pair, {}, FastOptions());
  while (!task->done()) {
    const std::int64_t spent = engine->Step({task.get()}, 4000).value();
    EXPECT_LE(spent, 4000 + 64 * 6);
    EXPECT_TRUE(task->done() || spent >= 4000 - 4000 / 8) << spent;
  }
}

TEST(Engine, AShortTaskNeedsOneStepBesideALongOne) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), {64, 48});
  const auto flow = engine->Start(pair, {}, FastOptions());
  const auto keypoint = engine->Start(pair, {{20, 30}}, FastOptions());
  const std::int64_t budget = keypoint->queries_left();
  ASSERT_LT(2 * budget, flow->queries_left());
  engine->Step({keypoint.get(), flow.get()}, budget).value();
  EXPECT_TRUE(keypoint->done());
  EXPECT_FALSE(flow->done());
}

TEST(Engine, AFewKeypointsCostFarLessThanTheDenseRun) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto pair = EncodeBlank(engine.get(), {128, 128});
  const auto dense = engine->Start(pair, {}, FastOptions());
  const auto sparse = engine->Start(pair, {{64, 64}}, FastOptions());
  EXPECT_LT(100 * sparse->queries_left(), dense->queries_left());
}

TEST(Engine, TellsPointsOutsideTheReference) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto pair = EncodeBlank(engine.get(), {30, 30}, {50, 40});
  MatchOptions options = FastOptions();
  options.search_radius = 0.5f;
  int outside = 0;
  for (const Match& match : RunToEnd(engine.get(), pair, {}, options)) {
    const Point p = match.reference;
    EXPECT_EQ(match.in_bounds, p.x >= 0 && p.x <= 49 && p.y >= 0 && p.y <= 39);
    outside += !match.in_bounds;
  }
  EXPECT_GT(outside, 0);
}

TEST(Engine, StateOutlivesTheEngine) {
  std::unique_ptr<MatchTask> task;
  {
    const std::unique_ptr<Engine> engine = MakeTestEngine(1);
    task = engine->Start(EncodeBlank(engine.get(), {8, 8}), {}, FastOptions());
    engine->Step({task.get()}, 1 << 20).value();
  }
  ASSERT_TRUE(task->done());
  EXPECT_EQ(task->TakeResult().size(), 64u);
}

TEST(Engine, APairKnowsItsSizesAndMemory) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto pair = EncodeBlank(engine.get(), {12, 34}, {56, 78});
  EXPECT_EQ(pair->query_size().width, 12);
  EXPECT_EQ(pair->query_size().height, 34);
  EXPECT_EQ(pair->reference_size().width, 56);
  EXPECT_EQ(pair->reference_size().height, 78);
  // Phi, the coarse map and the coarse cost of a 4 x 4 grid.
  EXPECT_EQ(pair->bytes(), (256u * 8 + 2 * 16 + 256u) * sizeof(float));
}

}  // namespace
}  // namespace nemf
