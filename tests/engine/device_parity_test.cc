#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "server/engine/checks/backend_parity.h"
#include "tests/engine/device_test_engine.h"
#include "tests/engine/test_models.h"

// The CUDA back end against the CPU's, on a GPU (NEMF_TEST_ON_GPU) or on the host.
namespace nemf {
namespace {

using testing::DeviceTestOptions;
using testing::EncodeBlank;
using testing::MakeTestEngine;
using testing::Random;
using testing::RunToEnd;
using testing::SameBits;

#ifdef NEMF_TEST_ON_GPU
constexpr auto kMakeEngine = testing::MakeGpuTestEngine;
#else
constexpr auto kMakeEngine = testing::MakeHostTestEngine;
#endif

MatchOptions ShortOptions() {
  MatchOptions options;
  options.patchmatch_iterations = 5;
  options.optimize_steps = 3;
  options.seed = 0x987654321ULL;
  return options;
}

MatchOptions LatticeOptions() {
  MatchOptions options = ShortOptions();
  options.lattice_stride = 3;
  options.upsample_candidates = 3;
  options.search_candidates = 2;
  options.search_decay = 0.7f;
  return options;
}

// Every way through the back end.
std::vector<MatchOptions> Schedules() {
  std::vector<MatchOptions> schedules(6, ShortOptions());
  schedules[0].refinement = Refinement::kCoarse;
  schedules[1].refinement = Refinement::kPatchMatch;
  schedules[3] = LatticeOptions();
  schedules[4] = LatticeOptions();
  schedules[4].refinement = Refinement::kPatchMatch;
  schedules[5].patchmatch_iterations = 0;
  return schedules;
}

class DeviceParityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = kMakeEngine(DeviceTestOptions());
    if (made.status().code() == absl::StatusCode::kFailedPrecondition) {
      GTEST_SKIP() << "NO GPU: the CUDA back end was not run on a device ("
                   << made.status().message() << ")";
    }
    ASSERT_TRUE(made.ok()) << made.status();
    device_ = *std::move(made);
  }

  // Expects the two engines' answers to agree.
  void ExpectParity(ImageSize size, std::vector<Point> keypoints, const MatchOptions& options) {
    const auto expected = RunToEnd(cpu_.get(), EncodeBlank(cpu_.get(), size), keypoints, options);
    const auto answer =
        RunToEnd(device_.get(), EncodeBlank(device_.get(), size), keypoints, options, 5000);
    ASSERT_EQ(answer.size(), expected.size());
    const Disagreement found = Compare(answer, expected);
    EXPECT_LE(found.moved, 0.02) << "of " << answer.size() << " points";
    EXPECT_LE(found.score_gap, 1e-3);
  }

  const std::unique_ptr<Engine> cpu_ = MakeTestEngine(1);
  std::unique_ptr<Engine> device_;
};

TEST_F(DeviceParityTest, AgreesWithTheCpuAtAllSizes) {
  for (const ImageSize size : {ImageSize{1, 1}, ImageSize{1, 9}, ImageSize{9, 1}, ImageSize{2, 2},
                               ImageSize{37, 23}, ImageSize{300, 4}}) {
    for (const MatchOptions& options : Schedules()) {
      SCOPED_TRACE(::testing::Message() << size.width << "x" << size.height << ", "
                                        << static_cast<int>(options.refinement) << ", stride "
                                        << options.lattice_stride);
      ExpectParity(size, {}, options);
    }
  }
}

TEST_F(DeviceParityTest, AgreesWithTheCpuAtKeypoints) {
  for (const MatchOptions& options : Schedules()) {
    ExpectParity({48, 31}, {{0, 0}, {47, 30}, {12.25f, 7.75f}, {30, 2.5f}, {12.25f, 7.75f}},
                 options);
    ExpectParity({48, 31}, {{20.5f, 20}}, options);
  }
}

TEST_F(DeviceParityTest, AgreesOnTheBuiltInPair) {
  const absl::Status status =
      CheckBackendParity(device_.get(), cpu_.get(), AllowedDisagreement(Precision::kFloat32));
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(DeviceParityTest, AgreesInHalfPrecision) {
  DeviceTestOptions options;
  options.precision = Precision::kFloat16;
  const auto half = kMakeEngine(options).value();
  const absl::Status status =
      CheckBackendParity(half.get(), cpu_.get(), AllowedDisagreement(Precision::kFloat16));
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(DeviceParityTest, SpendsTheQueriesOfTheCpu) {
  for (MatchOptions options : Schedules()) {
    const auto spend = [&](Engine* engine) {
      const auto task = engine->Start(EncodeBlank(engine, {33, 21}), {}, options);
      while (!task->done()) engine->Step({task.get()}, 3000).value();
      EXPECT_EQ(task->queries_left(), 0);
      return static_cast<double>(task->queries_spent());
    };
    const double expected = spend(cpu_.get());
    EXPECT_NEAR(spend(device_.get()), expected, 0.01 * expected);
  }
}

// Keypoints at pixels against the dense run: the light cone changes no bit.
TEST_F(DeviceParityTest, KeypointsEqualTheDenseRunBitForBit) {
  const ImageSize size = {29, 17};
  const auto pair = EncodeBlank(device_.get(), size);
  const std::vector<Match> dense = RunToEnd(device_.get(), pair, {}, ShortOptions());
  for (int pixel : {0, 28, 29 * 8 + 13, 29 * 17 - 1}) {
    const Point keypoint = {static_cast<float>(pixel % 29), static_cast<float>(pixel / 29)};
    EXPECT_TRUE(SameBits({dense[pixel]}, RunToEnd(device_.get(), pair, {keypoint}, ShortOptions())))
        << pixel;
  }
}

TEST_F(DeviceParityTest, AnswersDoNotDependOnCompanyOrCuts) {
  const std::uint64_t seed = 4711;
  Random random(seed);
  std::vector<std::vector<Match>> alone;
  std::vector<std::unique_ptr<MatchTask>> tasks;
  std::vector<MatchTask*> pointers;
  int i = 0;
  for (MatchOptions options : Schedules()) {
    const auto pair = EncodeBlank(device_.get(), {20 + 3 * i, 15 + i});
    options.seed = i;
    std::vector<Point> keypoints;
    if (i % 2 == 1) keypoints = {{1.5f, 2}, {9, 11}};
    alone.push_back(RunToEnd(device_.get(), pair, keypoints, options));
    tasks.push_back(device_->Start(pair, keypoints, options));
    pointers.push_back(tasks.back().get());
    ++i;
  }
  for (bool left = true; left;) {
    device_->Step(pointers, 1 + random.Below(7000)).value();
    left = false;
    for (const MatchTask* task : pointers) left = left || !task->done();
  }
  for (std::size_t j = 0; j < tasks.size(); ++j) {
    EXPECT_TRUE(SameBits(alone[j], tasks[j]->TakeResult())) << "task " << j << ", seed " << seed;
  }
}

TEST_F(DeviceParityTest, SnapshotsAndFieldsAgree) {
  const auto snapshots = [&](Engine* engine, const MatchOptions& options) {
    const auto task = engine->Start(EncodeBlank(engine, {23, 14}), {}, options);
    task->RequestSnapshots({0, 2, 5});
    while (!task->done()) engine->Step({task.get()}, 2000).value();
    return task->TakeSnapshots();
  };
  for (const MatchOptions& options : {ShortOptions(), LatticeOptions()}) {
    const auto expected = snapshots(cpu_.get(), options);
    const auto found = snapshots(device_.get(), options);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].iteration, expected[i].iteration);
      ASSERT_EQ(found[i].reference.size(), expected[i].reference.size());
      int moved = 0;
      for (std::size_t j = 0; j < found[i].reference.size(); ++j) {
        moved += std::abs(found[i].reference[j].x - expected[i].reference[j].x) > 0.01f ||
                 std::abs(found[i].reference[j].y - expected[i].reference[j].y) > 0.01f;
      }
      EXPECT_LE(moved, 0.02 * static_cast<double>(found[i].reference.size())) << "snapshot " << i;
    }
  }
  const auto sample = [](Engine* engine) {
    const auto pair = EncodeBlank(engine, {23, 14});
    const auto task = engine->StartField(pair, {5.5f, 6}, {9, 7});
    while (!task->done()) engine->Step({task.get()}, 2000).value();
    EXPECT_EQ(pair->SampleCost({5.5f, 6}, {9, 7}).size(), 63u);
    return task->TakeResult();
  };
  const Disagreement found = Compare(sample(device_.get()), sample(cpu_.get()));
  EXPECT_EQ(found.moved, 0);
  EXPECT_LE(found.score_gap, 1e-5);
}

}  // namespace
}  // namespace nemf
