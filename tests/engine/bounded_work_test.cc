// However large a task is, one Step() does no more than its budget, and Start() next to nothing.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "server/engine/load_model.h"
#include "server/engine/matching/backend.h"
#include "server/engine/matching/table_rows.h"
#include "server/engine/presets.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

constexpr ImageSize kLarge = {8000, 8000};
constexpr std::int64_t kItemsPerQuery = 16;
constexpr std::int64_t kSmallestItem = 64;

class SizedPair final : public EncodedPair {
 public:
  ImageSize query_size() const override { return kLarge; }
  ImageSize reference_size() const override { return kLarge; }
  std::size_t bytes() const override { return 0; }
  std::vector<float> SampleCost(Point, ImageSize) const override { return {}; }
};

// A back end that does nothing but count the items of each phase.
class CountingBackend final : public Backend {
 public:
  explicit CountingBackend(std::map<Phase, std::int64_t>* items) : items_(*items) {}

  const std::string& device() const override { return device_; }
  ElementPrices prices() const override {
    return {1.0 / kItemsPerQuery, 1.0 / kItemsPerQuery, 1.0 / kItemsPerQuery};
  }
  absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair>) override {
    return absl::UnimplementedError("not needed");
  }
  std::unique_ptr<TaskState> NewState(const TaskPlan&) override {
    return std::make_unique<TaskState>();
  }
  absl::Status Run(absl::Span<WorkItem> items) override {
    for (WorkItem& item : items) {
      items_[item.phase] += item.end - item.begin;
      if (item.phase >= Phase::kPatchMatch) item.queries = item.end - item.begin;
    }
    return absl::OkStatus();
  }
  std::vector<Point> TakeSnapshot(TaskState*) override { return {}; }
  std::vector<Match> TakeResult(TaskState*) override { return {}; }

 private:
  const std::string device_ = "cpu";
  std::map<Phase, std::int64_t>& items_;
};

struct Counts {
  std::map<Phase, std::int64_t> items;
  std::int64_t Unscored() const {
    std::int64_t sum = 0;
    for (const auto& [phase, count] : items) sum += phase < Phase::kPatchMatch ? count : 0;
    return sum;
  }
};

class BoundedFlowTest : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(BoundedFlowTest, PreparationAndPreviewsKeepToTheBudget) {
  const std::int64_t budget = GetParam();
  Counts counts;
  const auto engine = MakeEngine(std::make_unique<CountingBackend>(&counts.items));
  const MatchOptions options = BalancedSchedule();
  const auto task = engine->Start(std::make_shared<SizedPair>(), {}, options);
  task->RequestSnapshots({0, 2, 9, 10});  // there is no tenth iteration
  EXPECT_EQ(counts.Unscored(), 0);
  EXPECT_LE(task->queries_left(), engine->BoundQueries(kLarge, {}, options, 3));
  int snapshots = 0;
  while (!task->done()) {
    const std::int64_t before = counts.Unscored();
    const std::int64_t left = task->queries_left();
    const std::int64_t spent = engine->Step({task.get()}, budget).value();
    ASSERT_LE(counts.Unscored() - before, budget * kItemsPerQuery + kSmallestItem);
    ASSERT_LE(task->queries_left(), left - spent);
    snapshots += static_cast<int>(task->TakeSnapshots().size());
  }
  EXPECT_EQ(snapshots, 3);
  const std::int64_t pixels = std::int64_t{kLarge.width} * kLarge.height;
  const std::int64_t side =
      (kLarge.width - 1 + options.lattice_stride - 1) / options.lattice_stride + 1;
  EXPECT_EQ(counts.items[Phase::kFillTables], 2 * side + 2 * kLarge.width);
  EXPECT_EQ(counts.items[Phase::kInitialize], side * side);
  EXPECT_EQ(counts.items[Phase::kSnapshot], 3 * pixels);
  EXPECT_EQ(counts.items[Phase::kPatchMatch], options.patchmatch_iterations * side * side);
  EXPECT_EQ(counts.items[Phase::kRefine], pixels);
}

INSTANTIATE_TEST_SUITE_P(Budgets, BoundedFlowTest, ::testing::Values(5'000, 98'304, 3'000'000));

TEST(BoundedKeypointsTest, TheConeGrowsWithinTheBudget) {
  constexpr std::int64_t kBudget = 10'000;
  Counts counts;
  const auto engine = MakeEngine(std::make_unique<CountingBackend>(&counts.items));
  std::vector<Point> keypoints;  // too far from each other for their cones to meet
  for (int i = 0; i < 3000; ++i) {
    keypoints.push_back(
        {100.0f + 100 * static_cast<float>(i % 60), 100.0f + 100 * static_cast<float>(i / 60)});
  }
  const auto task = engine->Start(std::make_shared<SizedPair>(), keypoints, ReferenceSchedule());
  int steps = 0;
  std::int64_t bound = task->queries_left();
  for (; counts.items.empty(); ++steps) {
    const std::int64_t spent = engine->Step({task.get()}, kBudget).value();
    EXPECT_LE(spent, kBudget + kSmallestItem);
    EXPECT_LE(task->queries_left(), bound - spent);
    bound = task->queries_left();
  }
  // Of 20 iterations, neighbours are needed up to distance 19.
  constexpr std::int64_t kSites = 3000 * (2 * 19 * 20 + 1);
  EXPECT_EQ(steps, kSites / kItemsPerQuery / kBudget + 1);
}

std::int64_t ResidentBytes() { return MeasureMemoryUse("cpu").value().used; }

// The arrays of this task take two gigabytes in all.
TEST(BoundedMemoryTest, ALargeTaskTakesMemoryStepByStep) {
  const std::unique_ptr<Engine> engine = testing::MakeTestEngine(2);
  const ImagePair images = MakeImagePair({.size = kLarge, .rgb = {}}, {.size = kLarge, .rgb = {}});
  const auto pair = engine->Encode({images}).value().front();
  engine->Step({engine->Start(pair, {{1, 2}}, ReferenceSchedule()).get()}, 1'000).value();
  const std::int64_t idle = ResidentBytes();
  const auto task = engine->Start(pair, {}, ReferenceSchedule());
  EXPECT_LT(ResidentBytes() - idle, 16 << 20);
  EXPECT_LE(engine->Step({task.get()}, 50'000).value(), 50'000 + kSmallestItem);
  EXPECT_LT(ResidentBytes() - idle, 64 << 20);
}

}  // namespace
}  // namespace nemf
