// The pair cache and the encoder's executor, as the loop uses them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kQuantum = 128;

SchedulerOptions Options(std::int64_t cache_bytes) {
  SchedulerOptions options;
  options.max_encoder_batch = 2;
  options.max_active_jobs = 4;
  FixQuantum(&options, kQuantum);
  options.pair_cache_bytes = cache_bytes;
  return options;
}

TEST(SchedulerLoopCacheTest, ASecondJobOfAPairNeedsNoEncoderPass) {
  LoopHarness harness(Options(1 << 20));
  const TestJob first = harness.Add(1, 300);
  harness.RunAll();
  TestJob second;
  second.work = first.work;
  second.seed = 9;
  second = harness.Add(second);
  harness.clock.Advance(absl::Seconds(2));
  harness.RunAll();
  EXPECT_EQ(harness.engine.encode_calls().size(), 1u);
  EXPECT_FALSE(first.sink->Wait()->statistics.cached);
  const JobResult result = *second.sink->Wait();
  EXPECT_EQ(result.matches[0].score, FakeScore(second.work, 9));
  EXPECT_TRUE(result.statistics.cached);
  EXPECT_EQ(result.statistics.queue_time, absl::Seconds(2));
  EXPECT_EQ(result.statistics.encode_time, absl::ZeroDuration());
  EXPECT_EQ(result.statistics.encoder_batch_pairs, 0);
  EXPECT_EQ(harness.observer.cache.hits, 1);
  EXPECT_EQ(harness.observer.cache.misses, 1);
  EXPECT_EQ(harness.observer.queued, 0);
}

TEST(SchedulerLoopCacheTest, WithoutACacheEachJobIsEncoded) {
  LoopHarness harness(Options(0));
  for (int i = 0; i < 2; ++i) {
    harness.Add(1, 300);
    harness.RunAll();
  }
  EXPECT_EQ(harness.engine.encode_calls().size(), 2u);
  EXPECT_EQ(harness.observer.cache.misses, 0);
  EXPECT_EQ(FakeEngine::live_objects(), 0);
}

TEST(SchedulerLoopCacheTest, AnEvictedPairIsEncodedAgain) {
  LoopHarness harness(Options(2500));  // two pairs
  for (const std::uint32_t id : {1, 2, 3, 1}) {
    harness.Add(id, 300);
    harness.RunAll();
  }
  EXPECT_EQ(harness.engine.encode_calls().size(), 4u);
  EXPECT_EQ(harness.observer.cache.evictions, 2);
  EXPECT_EQ(harness.observer.cache.bytes, 2000);
}

TEST(SchedulerLoopCacheTest, ACachedPairNeedsAPlaceAmongTheActiveJobs) {
  LoopHarness harness(Options(1 << 20));
  harness.Add(1, 10);
  harness.RunAll();
  for (const std::uint32_t id : {2, 3, 4, 5}) harness.Add(id, 100 * kQuantum);
  harness.loop.RunOnce();
  harness.loop.RunOnce();
  const TestJob cached = harness.Add(1, 10);
  harness.loop.RunOnce();
  EXPECT_EQ(harness.loop.active(), 4);
  EXPECT_EQ(harness.loop.queued(), 1);
  harness.RunAll();
  EXPECT_TRUE(cached.sink->Wait()->statistics.cached);
}

TEST(SchedulerLoopCacheTest, AFailedPairIsNotKept) {
  LoopHarness harness(Options(1 << 20));
  TestJob broken;
  broken.work = {.id = 1, .encode_fails = true};
  harness.Add(broken);
  harness.RunAll();
  EXPECT_EQ(harness.cache.bytes(), 0);
}

TEST(SchedulerLoopExecutorTest, MatchingGoesOnDuringAPass) {
  LoopHarness harness(Options(0), /*manual_executor=*/true);
  const TestJob first = harness.Add(1, 5 * kQuantum);
  EXPECT_TRUE(harness.loop.RunOnce());
  EXPECT_TRUE(harness.loop.waiting());
  EXPECT_THAT(harness.engine.step_calls(), IsEmpty());
  harness.EndBatch();
  const TestJob second = harness.Add(2, kQuantum);
  for (int i = 0; i < 3; ++i) harness.loop.RunOnce();
  EXPECT_FALSE(harness.loop.waiting());
  EXPECT_EQ(harness.engine.step_calls().size(), 3u);
  EXPECT_EQ(harness.loop.active(), 1);
  EXPECT_EQ(harness.loop.in_batch(), 1);
  harness.EndBatch();
  harness.RunAll();
  EXPECT_TRUE(first.sink->Wait().ok());
  EXPECT_TRUE(second.sink->Wait().ok());
}

TEST(SchedulerLoopExecutorTest, AJobJoinsTheRunningPassOfItsPair) {
  LoopHarness harness(Options(0), /*manual_executor=*/true);
  const TestJob first = harness.Add(1, kQuantum);
  harness.loop.RunOnce();
  const TestJob second = harness.Add(1, kQuantum);
  harness.loop.RunOnce();
  EXPECT_EQ(harness.loop.in_batch(), 2);
  harness.EndBatch();
  harness.RunAll();
  EXPECT_EQ(harness.engine.encode_calls().size(), 1u);
  EXPECT_EQ(second.sink->Wait()->statistics.queue_time, absl::ZeroDuration());
  EXPECT_TRUE(first.sink->Wait().ok());
}

TEST(SchedulerLoopExecutorTest, LeavesDuringItsPass) {
  LoopHarness harness(Options(1 << 20), /*manual_executor=*/true);
  TestJob late;
  late.work = {.id = 1, .queries = kQuantum};
  late.deadline = harness.clock.Now() + absl::Seconds(1);
  late = harness.Add(late);
  const TestJob cancelled = harness.Add(2, kQuantum);
  harness.loop.RunOnce();
  harness.clock.Advance(absl::Seconds(1));
  cancelled.cancelled->store(true);
  EXPECT_TRUE(harness.loop.RunOnce());  // not idle: the pass still runs
  EXPECT_EQ(late.sink->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(cancelled.sink->code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(harness.loop.active_slots_in_use(), 0);
  harness.EndBatch();
  EXPECT_FALSE(harness.loop.RunOnce());
  // The work was not in vain.
  const TestJob again = harness.Add(2, kQuantum);
  harness.RunAll();
  EXPECT_TRUE(again.sink->Wait()->statistics.cached);
}

TEST(SchedulerLoopExecutorTest, ACachedPairDoesNotWaitForTheRunningPass) {
  LoopHarness harness(Options(1 << 20), /*manual_executor=*/true);
  harness.Add(1, kQuantum);
  harness.loop.RunOnce();
  harness.EndBatch();
  harness.RunAll();
  const TestJob slow = harness.Add(2, kQuantum);
  harness.loop.RunOnce();
  const TestJob cached = harness.Add(1, kQuantum);
  harness.loop.RunOnce();
  EXPECT_EQ(cached.sink->calls(), 1);
  EXPECT_EQ(slow.sink->calls(), 0);
  harness.EndBatch();
  harness.RunAll();
}

TEST(SchedulerLoopFatalTest, AFatalStepEndsAllJobsAndNothingIsAskedAgain) {
  LoopHarness harness(Options(0));
  TestJob broken;
  broken.work = {.id = 1, .queries = kQuantum, .step_fails = true, .is_fatal = true};
  broken = harness.Add(broken);
  const TestJob beside = harness.Add(2, kQuantum);
  const TestJob waiting = harness.Add(3, kQuantum);
  EXPECT_FALSE(harness.loop.RunOnce());
  for (const TestJob& job : {broken, beside, waiting}) {
    EXPECT_EQ(job.sink->code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(harness.observer.devices_lost, 1);
  const TestJob later = harness.Add(4, kQuantum);
  EXPECT_FALSE(harness.loop.RunOnce());
  EXPECT_EQ(later.sink->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(harness.engine.encode_calls().size(), 1u);
  EXPECT_EQ(harness.engine.step_calls().size(), 1u);
  EXPECT_EQ(harness.observer.dropped[DropReason::kEngineError], 4);
  EXPECT_EQ(harness.admission.jobs(), 0);
}

TEST(SchedulerLoopFatalTest, AFatalPassEndsAllJobs) {
  for (const bool manual : {false, true}) {
    LoopHarness harness(Options(0), manual);
    const TestJob active = harness.Add(1, 100 * kQuantum);
    harness.loop.RunOnce();
    if (manual) harness.EndBatch();
    harness.loop.RunOnce();
    TestJob broken;
    broken.work = {.id = 2, .encode_fails = true, .is_fatal = true};
    broken = harness.Add(broken);
    const TestJob beside = harness.Add(3, kQuantum);
    const TestJob waiting = harness.Add(4, kQuantum);
    harness.loop.RunOnce();
    if (manual) harness.EndBatch();
    EXPECT_FALSE(harness.loop.RunOnce());
    for (const TestJob& job : {active, broken, beside, waiting}) {
      EXPECT_EQ(job.sink->code(), absl::StatusCode::kUnavailable);
    }
    EXPECT_EQ(harness.engine.encode_calls().size(), 2u);
    EXPECT_EQ(harness.observer.devices_lost, 1);
    EXPECT_EQ(harness.loop.active_slots_in_use(), 0);
  }
}

TEST(SchedulerLoopWorkTest, CountsWhatWasWasted) {
  LoopHarness harness(Options(0));
  const TestJob cancelled = harness.Add(1, 10 * kQuantum);
  harness.loop.RunOnce();
  harness.loop.RunOnce();
  cancelled.cancelled->store(true);
  harness.Add(2, kQuantum);
  harness.RunAll();
  EXPECT_EQ(harness.observer.wasted_queries, 2 * kQuantum);
}

TEST(SchedulerLoopWorkTest, TellsThePredictedWork) {
  LoopHarness harness(Options(0));
  harness.Add(1, 2 * kQuantum);
  harness.RunAll();  // learns what things cost
  EXPECT_NEAR(harness.observer.queued_work, 0, 1e-9);
  harness.Add(2, 10 * kQuantum);
  harness.loop.RunOnce();
  const absl::Duration left = 9 * kQuantum * harness.engine.query_time;
  EXPECT_NEAR(harness.observer.queued_work, absl::ToDoubleSeconds(left), 1e-9);
  harness.RunAll();
  EXPECT_NEAR(harness.observer.queued_work, 0, 1e-9);
}

TEST(SchedulerLoopPriorityTest, OrdersPassesAndQuanta) {
  LoopHarness harness(Options(0));
  harness.Add(1, kQuantum);
  harness.Add(2, kQuantum);
  TestJob urgent;
  urgent.work = {.id = 3, .queries = 10 * kQuantum};
  urgent.priority = Priority::kHigh;
  harness.Add(urgent);
  harness.loop.RunOnce();
  EXPECT_THAT(harness.engine.encode_calls().front().ids, ElementsAre(3, 1));
  EXPECT_EQ(harness.engine.step_calls().front().ids.front(), 3u);
  harness.RunAll();
}

}  // namespace
}  // namespace nemf
