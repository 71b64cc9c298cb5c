// What the loop does for flows with snapshots, and for fields.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The fake's iterations are its pieces; a quantum is three of them.
SchedulerOptions ThreePieces() {
  SchedulerOptions options;
  FixQuantum(&options, 3 * FakeEngine::kPiece);
  return options;
}

TestJob Flow(std::int64_t pieces, std::vector<int> snapshots) {
  TestJob job;
  job.work = {.id = 1, .queries = pieces * FakeEngine::kPiece};
  job.kind = JobKind::kFlow;
  job.snapshots = std::move(snapshots);
  return job;
}

TEST(SchedulerLoopSnapshotTest, ComeAtTheEndOfTheirQuantum) {
  LoopHarness harness(ThreePieces());
  const TestJob job = harness.Add(Flow(10, {1, 3, 4, 10, 11}));
  harness.loop.RunOnce();
  EXPECT_THAT(job.sink->snapshots(), ElementsAre(1, 3));
  harness.loop.RunOnce();
  EXPECT_THAT(job.sink->snapshots(), ElementsAre(1, 3, 4));
  harness.RunAll();
  EXPECT_THAT(job.sink->snapshots(), ElementsAre(1, 3, 4, 10));  // the last before the answer
  EXPECT_EQ(job.sink->calls(), 1);
  EXPECT_TRUE(job.sink->Wait().ok());
}

TEST(SchedulerLoopSnapshotTest, DoNotComeUnasked) {
  LoopHarness harness(ThreePieces());
  const TestJob job = harness.Add(Flow(10, {}));
  harness.RunAll();
  EXPECT_THAT(job.sink->snapshots(), IsEmpty());
}

TEST(SchedulerLoopSnapshotTest, EndWithACancellation) {
  LoopHarness harness(ThreePieces());
  const TestJob job = harness.Add(Flow(10, {3, 6}));
  harness.loop.RunOnce();
  job.cancelled->store(true);
  harness.RunAll();
  EXPECT_THAT(job.sink->snapshots(), ElementsAre(3));
  EXPECT_EQ(job.sink->code(), absl::StatusCode::kCancelled);
}

TEST(SchedulerLoopFieldTest, AnswersWithTheNodesCost) {
  LoopHarness harness(ThreePieces());
  TestJob job;
  job.work = {.id = 7, .queries = 10 * FakeEngine::kPiece};
  job.kind = JobKind::kField;
  job.field_nodes = {4, 3};
  job = harness.Add(job);
  EXPECT_TRUE(harness.loop.RunOnce());
  EXPECT_EQ(harness.observer.active[JobKind::kField], 1);
  harness.RunAll();
  const JobResult result = job.sink->Wait().value();
  EXPECT_THAT(result.cost, SizeIs(12));
  EXPECT_THAT(result.cost, Each(7.0f));  // what the fake says of this pair
  EXPECT_EQ(result.statistics.field_queries, 10 * FakeEngine::kPiece);
  EXPECT_EQ(harness.observer.active[JobKind::kField], 0);
}

}  // namespace
}  // namespace nemf
