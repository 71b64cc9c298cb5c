// What is seen of a running dense task, and the field sampled on a grid.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "server/engine/engine.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using testing::EncodeBlank;
using testing::MakeTestEngine;
using testing::RunToEnd;
using testing::SameBits;

constexpr ImageSize kQuery = {23, 17};
constexpr ImageSize kReference = {50, 40};

MatchOptions Schedule(Refinement refinement, int iterations) {
  MatchOptions options;
  options.refinement = refinement;
  options.patchmatch_iterations = iterations;
  options.optimize_steps = 2;
  options.seed = 5;
  return options;
}

bool SamePoints(const std::vector<Point>& points, const std::vector<Match>& matches) {
  if (points.size() != matches.size()) return false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].x != matches[i].reference.x || points[i].y != matches[i].reference.y) {
      return false;
    }
  }
  return true;
}

class SnapshotTest : public ::testing::TestWithParam<std::int64_t> {};

// A snapshot after N iterations is the answer of a run with N iterations, however the work is cut.
TEST_P(SnapshotTest, IsTheAnswerOfAShorterRun) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), kQuery, kReference);
  const MatchOptions options = Schedule(Refinement::kPatchMatchAndOptimize, 6);
  const std::unique_ptr<MatchTask> task = engine->Start(pair, {}, options);
  task->RequestSnapshots({0, 1, 4, 6, 7});
  MatchTask* const tasks[] = {task.get()};
  std::vector<FlowSnapshot> snapshots = task->TakeSnapshots();
  while (!task->done()) {
    ASSERT_TRUE(engine->Step(tasks, GetParam()).ok());
    for (FlowSnapshot& each : task->TakeSnapshots()) snapshots.push_back(std::move(each));
  }
  ASSERT_EQ(snapshots.size(), 4);  // there is no seventh iteration
  EXPECT_TRUE(SamePoints(snapshots[0].reference,
                         RunToEnd(engine.get(), pair, {}, Schedule(Refinement::kCoarse, 6))));
  for (const FlowSnapshot& each : snapshots) {
    EXPECT_TRUE(SamePoints(
        each.reference,
        RunToEnd(engine.get(), pair, {}, Schedule(Refinement::kPatchMatch, each.iteration))))
        << "iteration " << each.iteration;
  }
  EXPECT_TRUE(SameBits(task->TakeResult(), RunToEnd(engine.get(), pair, {}, options)));
}

INSTANTIATE_TEST_SUITE_P(Chunks, SnapshotTest, ::testing::Values(1, 1000, 1'000'000));

TEST(SnapshotTest, AKeypointTaskHasNone) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(1);
  const auto task = engine->Start(EncodeBlank(engine.get(), kQuery), {{3, 4}},
                                  Schedule(Refinement::kPatchMatch, 3));
  task->RequestSnapshots({0, 1});
  MatchTask* const tasks[] = {task.get()};
  while (!task->done()) ASSERT_TRUE(engine->Step(tasks, 1000).ok());
  EXPECT_TRUE(task->TakeSnapshots().empty());
}

std::vector<Match> Field(Engine* engine, std::shared_ptr<const EncodedPair> pair, Point query,
                         ImageSize nodes, std::int64_t max_queries) {
  const std::unique_ptr<MatchTask> task = engine->StartField(std::move(pair), query, nodes);
  // The point's two table rows cost one evaluation.
  EXPECT_EQ(task->queries_left(), nodes.width * nodes.height + 1);
  MatchTask* const tasks[] = {task.get()};
  while (!task->done()) EXPECT_TRUE(engine->Step(tasks, max_queries).ok());
  return task->TakeResult();
}

TEST(FieldTaskTest, CoversTheReference) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), kQuery, kReference);
  const std::vector<Match> nodes = Field(engine.get(), pair, {7.5f, 3}, {8, 14}, 1'000'000);
  ASSERT_EQ(nodes.size(), 8 * 14);
  EXPECT_EQ(nodes.front().reference.x, 0);
  EXPECT_EQ(nodes.front().reference.y, 0);
  EXPECT_FLOAT_EQ(nodes[1].reference.x, 7);
  EXPECT_FLOAT_EQ(nodes[8].reference.y, 3);
  EXPECT_EQ(nodes.back().reference.x, 49);
  EXPECT_EQ(nodes.back().reference.y, 39);
}

TEST(FieldTaskTest, DoesNotDependOnHowItIsCut) {
  const std::unique_ptr<Engine> engine = MakeTestEngine(2);
  const auto pair = EncodeBlank(engine.get(), kQuery, kReference);
  const std::vector<Match> whole = Field(engine.get(), pair, {7.5f, 3}, {33, 21}, 1'000'000);
  EXPECT_TRUE(SameBits(Field(engine.get(), pair, {7.5f, 3}, {33, 21}, 1), whole));
}

}  // namespace
}  // namespace nemf
