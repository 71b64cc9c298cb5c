#include "server/scheduling/loop/scheduler_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::int64_t kQuantum = 128;

class SchedulerLoopTest : public ::testing::Test {
 protected:
  static SchedulerOptions Options() {
    SchedulerOptions options;
    options.max_encoder_batch = 2;
    options.max_active_jobs = 4;
    FixQuantum(&options, kQuantum);
    options.pair_cache_bytes = 0;
    return options;
  }
  void TearDown() override {
    EXPECT_TRUE(harness_.loop.idle());
    EXPECT_EQ(harness_.loop.active_slots_in_use(), 0);
    EXPECT_EQ(harness_.observer.queued, 0);
    for (const auto& [kind, active] : harness_.observer.active) EXPECT_EQ(active, 0);
    EXPECT_EQ(FakeEngine::live_objects(), 0);
  }

  LoopHarness harness_{Options()};
};

TEST_F(SchedulerLoopTest, NothingToDo) {
  EXPECT_FALSE(harness_.loop.RunOnce());
  EXPECT_THAT(harness_.engine.encode_calls(), IsEmpty());
  EXPECT_THAT(harness_.engine.step_calls(), IsEmpty());
}

TEST_F(SchedulerLoopTest, AnswersWithTheResultAndItsCost) {
  const TestJob job = harness_.Add(7, 3 * kQuantum - 10);
  harness_.clock.Advance(absl::Seconds(5));
  harness_.RunAll();
  const auto result = job.sink->Wait();
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->matches.size(), 1u);
  EXPECT_EQ(result->matches[0].score, FakeScore(job.work, job.seed));
  EXPECT_EQ(result->statistics.queue_time, absl::Seconds(5));
  EXPECT_EQ(result->statistics.encode_time, harness_.engine.pair_time);
  EXPECT_EQ(result->statistics.match_time, (3 * kQuantum - 10) * harness_.engine.query_time);
  EXPECT_EQ(result->statistics.field_queries, 3 * kQuantum - 10);
  EXPECT_EQ(result->statistics.encoder_batch_pairs, 1);
  EXPECT_EQ(harness_.engine.step_calls().size(), 3u);
  EXPECT_EQ(harness_.observer.field_queries, 3 * kQuantum - 10);
}

TEST_F(SchedulerLoopTest, ATaskWithNothingToDoIsAnsweredWithoutAStep) {
  const TestJob job = harness_.Add(1, 0);
  EXPECT_FALSE(harness_.loop.RunOnce());
  EXPECT_TRUE(job.sink->Wait().ok());
  EXPECT_THAT(harness_.engine.step_calls(), IsEmpty());
}

TEST_F(SchedulerLoopTest, AJobThatIsDoneIsAnsweredBeforeTheQuantumEnds) {
  const TestJob brief = harness_.Add(1, 10);
  const TestJob endless = harness_.Add(2, 100 * kQuantum);
  std::vector<int> answers;
  harness_.engine.on_call = [&] { answers.push_back(brief.sink->calls()); };
  harness_.loop.RunOnce();
  // The encoder, the short job, and what the quantum has left for the long one.
  EXPECT_THAT(answers, ElementsAre(0, 0, 1));
  ASSERT_EQ(harness_.engine.step_calls().size(), 2u);
  EXPECT_THAT(harness_.engine.step_calls()[1].spent, ElementsAre(kQuantum));
  EXPECT_EQ(harness_.observer.field_queries, 10 + kQuantum);
  endless.cancelled->store(true);
  harness_.RunAll();
}

TEST_F(SchedulerLoopTest, BatchesWaitingPairsAndJoinsBetweenQuanta) {
  for (const std::uint32_t id : {1, 2, 3}) harness_.Add(id, 40 * kQuantum);
  harness_.loop.RunOnce();
  EXPECT_EQ(harness_.loop.active(), 2);
  EXPECT_EQ(harness_.loop.queued(), 1);
  harness_.loop.RunOnce();
  EXPECT_EQ(harness_.loop.active(), 3);
  EXPECT_THAT(harness_.observer.encoder_batches, ElementsAre(2, 1));
  harness_.RunAll();
}

// An encoder batch on the scheduler's thread would delay them.
TEST_F(SchedulerLoopTest, ShortJobsLeaveBeforeTheNextEncoderBatch) {
  const TestJob brief = harness_.Add(1, 4 * kQuantum);
  harness_.loop.RunOnce();
  const TestJob next = harness_.Add(2, 4 * kQuantum);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(brief.sink->calls(), 0);
    harness_.loop.RunOnce();
  }
  EXPECT_EQ(brief.sink->calls(), 1);
  EXPECT_EQ(harness_.engine.encode_calls().size(), 1u);
  harness_.loop.RunOnce();
  EXPECT_EQ(harness_.engine.encode_calls().size(), 2u);
  harness_.RunAll();
}

TEST_F(SchedulerLoopTest, AnEncoderBatchWaitsForFiveQuantaAtMost) {
  // Short jobs that come from the cache all the time would otherwise hold it up.
  const TestJob first = harness_.Add(1, kQuantaPerEncoderBatch * kQuantum);
  harness_.loop.RunOnce();
  harness_.Add(2, kQuantum);
  int ticks = 1;
  while (harness_.engine.encode_calls().size() == 1) {
    harness_.loop.RunOnce();
    ++ticks;
  }
  EXPECT_EQ(ticks, kQuantaPerEncoderBatch + 1);
  EXPECT_EQ(first.sink->calls(), 1);
  harness_.RunAll();
}

TEST_F(SchedulerLoopTest, ALongJobDelaysNoEncoderBatch) {
  const TestJob flow = harness_.Add(1, 1000 * kQuantum);
  harness_.loop.RunOnce();
  harness_.Add(2, kQuantum);
  harness_.loop.RunOnce();
  EXPECT_EQ(harness_.engine.encode_calls().size(), 2u);
  flow.cancelled->store(true);
  harness_.RunAll();
}

TEST_F(SchedulerLoopTest, EqualPairsAreEncodedOnce) {
  TestJob twin;
  twin.work = {.id = 1, .queries = 10};
  twin.seed = 5;
  const TestJob first = harness_.Add(1, 10);
  const TestJob second = harness_.Add(twin);
  harness_.RunAll();
  EXPECT_THAT(harness_.engine.encode_calls().at(0).ids, ElementsAre(1));
  EXPECT_EQ(harness_.engine.encode_calls().size(), 1u);
  EXPECT_EQ(first.sink->Wait()->matches[0].score, FakeScore(first.work, 0));
  EXPECT_EQ(second.sink->Wait()->matches[0].score, FakeScore(second.work, 5));
}

TEST_F(SchedulerLoopTest, CancelledInTheQueueIsNeverEncoded) {
  const TestJob job = harness_.Add(1, kQuantum);
  job.cancelled->store(true);
  EXPECT_FALSE(harness_.loop.RunOnce());
  EXPECT_EQ(job.sink->code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(harness_.engine.encode_calls(), IsEmpty());
  EXPECT_THAT(harness_.observer.dropped, ElementsAre(Pair(DropReason::kCancelled, 1)));
}

TEST_F(SchedulerLoopTest, ExpiredInTheQueueIsNeverEncoded) {
  TestJob job;
  job.work = {.id = 1, .queries = kQuantum};
  job.deadline = harness_.clock.Now() + absl::Seconds(1);
  job = harness_.Add(job);
  harness_.clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(harness_.loop.RunOnce());
  EXPECT_EQ(job.sink->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(harness_.engine.encode_calls(), IsEmpty());
  EXPECT_THAT(harness_.observer.dropped, ElementsAre(Pair(DropReason::kExpiredQueued, 1)));
}

TEST_F(SchedulerLoopTest, ExpiredDuringItsEncoderPassIsNotStepped) {
  TestJob job;
  job.work = {.id = 1, .queries = kQuantum};
  job.deadline = harness_.clock.Now() + harness_.engine.pair_time / 2;
  job = harness_.Add(job);
  EXPECT_FALSE(harness_.loop.RunOnce());
  EXPECT_EQ(job.sink->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(harness_.engine.step_calls(), IsEmpty());
}

TEST_F(SchedulerLoopTest, ExpiredWhileMatchingLeavesAtTheNextBoundary) {
  TestJob job;
  job.work = {.id = 1, .queries = 10 * kQuantum};
  const absl::Duration quantum_time = kQuantum * harness_.engine.query_time;
  job.deadline = harness_.clock.Now() + harness_.engine.pair_time + 2.5 * quantum_time;
  job = harness_.Add(job);
  harness_.RunAll();
  EXPECT_EQ(job.sink->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(harness_.engine.step_calls().size(), 3u);
  EXPECT_THAT(harness_.observer.dropped, ElementsAre(Pair(DropReason::kExpiredActive, 1)));
}

TEST_F(SchedulerLoopTest, CancelledAtAnyBoundaryLeavesThere) {
  const TestJob bystander = harness_.Add(1, 1000 * kQuantum);
  for (std::size_t steps = 0; steps < 10; ++steps) {
    const TestJob job = harness_.Add(2, 10 * kQuantum);
    for (std::size_t i = 0; i < steps; ++i) harness_.loop.RunOnce();
    EXPECT_EQ(job.sink->calls(), 0);
    job.cancelled->store(true);
    harness_.loop.RunOnce();
    EXPECT_EQ(job.sink->calls(), 1);
    EXPECT_EQ(job.sink->code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(harness_.loop.active(), 1);
  }
  harness_.RunAll();
  EXPECT_EQ(bystander.sink->Wait()->matches[0].score, FakeScore(bystander.work, 0));
}

TEST_F(SchedulerLoopTest, AnEncoderFailureConcernsItsPairAlone) {
  TestJob broken;
  broken.work = {.id = 1, .queries = kQuantum, .encode_fails = true};
  broken = harness_.Add(broken);
  const TestJob whole = harness_.Add(2, kQuantum);
  harness_.RunAll();
  EXPECT_EQ(broken.sink->code(), absl::StatusCode::kInternal);
  ASSERT_TRUE(whole.sink->Wait().ok());
  EXPECT_EQ(whole.sink->Wait()->statistics.encoder_batch_pairs, 1);
  EXPECT_THAT(harness_.observer.dropped, ElementsAre(Pair(DropReason::kEngineError, 1)));
}

TEST_F(SchedulerLoopTest, AStepFailureConcernsItsTaskAlone) {
  TestJob broken;
  broken.work = {.id = 1, .queries = kQuantum, .step_fails = true};
  const TestJob before = harness_.Add(2, kQuantum / 2);
  broken = harness_.Add(broken);
  harness_.loop.RunOnce();
  const TestJob after = harness_.Add(3, 3 * kQuantum);
  harness_.RunAll();
  EXPECT_EQ(broken.sink->code(), absl::StatusCode::kInternal);
  EXPECT_EQ(before.sink->Wait()->matches[0].score, FakeScore(before.work, 0));
  EXPECT_EQ(after.sink->Wait()->matches[0].score, FakeScore(after.work, 0));
}

TEST_F(SchedulerLoopTest, ASinkMayAddAJobAndFindsItsPlaceFree) {
  TestJob second;
  second.work = {.id = 2, .queries = kQuantum};
  int active_seen = -1;
  TestJob first;
  first.work = {.id = 1, .queries = kQuantum};
  first.sink = std::make_shared<RecordingSink>([&] {
    active_seen = harness_.loop.active_slots_in_use() + FakeEngine::live_objects();
    harness_.Add(second);
  });
  harness_.Add(first);
  harness_.RunAll();
  EXPECT_EQ(active_seen, 0);
  EXPECT_TRUE(second.sink->Wait().ok());
}

}  // namespace
}  // namespace nemf
