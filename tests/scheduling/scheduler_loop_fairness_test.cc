#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "server/scheduling/admission/quantum_order.h"
#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

constexpr std::int64_t kQuantum = 256;
constexpr std::uint32_t kLong = 1;

SchedulerOptions Options() {
  SchedulerOptions options;
  FixQuantum(&options, kQuantum);
  return options;
}

// Queries spent on `id` by the calls from number `from` on; on all others where `but` is set.
std::int64_t Spent(const FakeEngine& engine, std::size_t from, std::uint32_t id, bool but) {
  std::int64_t spent = 0;
  for (std::size_t i = from; i < engine.step_calls().size(); ++i) {
    const FakeEngine::StepCall& call = engine.step_calls()[i];
    for (std::size_t k = 0; k < call.ids.size(); ++k) {
      if ((call.ids[k] == id) != but) spent += call.spent[k];
    }
  }
  return spent;
}

// The queries that others got between the arrival of a job, in the middle of a quantum, and its
// end.
std::int64_t WaitedFor(std::int64_t own_queries) {
  LoopHarness harness(Options());
  harness.Add(kLong, 1000 * kQuantum);
  for (int i = 0; i < 5; ++i) harness.loop.RunOnce();
  const std::size_t arrival = harness.engine.step_calls().size() + 1;
  TestJob job;
  harness.engine.on_call = [&] {
    const bool stepping = harness.engine.step_calls().size() + 1 == arrival;
    if (stepping && job.work.id == 0) job = harness.Add(2, own_queries);
  };
  while (job.sink->calls() == 0) harness.loop.RunOnce();
  const std::int64_t waited = Spent(harness.engine, arrival - 1, 2, true);
  harness.RunAll();
  return waited;
}

TEST(SchedulerLoopFairnessTest, AShortJobWaitsForTheRunningQuantumAlone) {
  for (const std::int64_t queries : {1L, 64L, 255L, 256L, 257L, 3 * kQuantum - 1, 3 * kQuantum}) {
    // Its last quantum may have queries to spare for the others.
    const std::int64_t spare = (kQuantum - queries % kQuantum) % kQuantum;
    // A quantum may end a piece of work later.
    EXPECT_LT(WaitedFor(queries), kQuantum + spare + FakeEngine::kPiece) << queries;
  }
}

// The quantum is a time: on engines of any speed a keypoint job beside a flow waits for at most
// one quantum, after the scheduler has learnt the speed.
TEST(SchedulerLoopFairnessTest, AShortJobWaitsForOneQuantumOfTime) {
  for (const absl::Duration query_time : {absl::Nanoseconds(300), absl::Microseconds(2)}) {
    SCOPED_TRACE(query_time);
    SchedulerOptions options;
    options.quantum = absl::Milliseconds(20);
    options.min_quantum_queries = 4096;
    LoopHarness harness(options);
    harness.engine.query_time = query_time;
    harness.engine.pair_time = absl::ZeroDuration();
    const TestJob flow = harness.Add(kLong, 100'000'000);
    for (int i = 0; i < 20; ++i) harness.loop.RunOnce();
    // The flow's own quantum, as measured.
    const absl::Duration piece = FakeEngine::kPiece * query_time;
    absl::Time start = harness.clock.Now();
    harness.loop.RunOnce();
    EXPECT_LE(harness.clock.Now() - start, options.quantum + piece);
    EXPECT_GE(harness.clock.Now() - start, 0.98 * options.quantum);
    // A job that comes right after a quantum began.
    TestJob job;
    const std::size_t arrival = harness.engine.step_calls().size() + 1;
    harness.engine.on_call = [&] {
      if (harness.engine.step_calls().size() + 1 != arrival || job.work.id != 0) return;
      start = harness.clock.Now();
      job = harness.Add(2, 1000);
    };
    while (job.sink->calls() == 0) harness.loop.RunOnce();
    const absl::Duration own = 1000 * query_time;
    EXPECT_LE(harness.clock.Now() - start, 2 * options.quantum + own + 2 * piece);
    EXPECT_EQ(job.sink->Wait()->statistics.match_time, own);
    EXPECT_LE(job.sink->Wait()->statistics.queue_time, options.quantum + piece);
    harness.engine.on_call = [] {};
    flow.cancelled->store(true);
    harness.RunAll();
  }
}

TEST(SchedulerLoopFairnessTest, ALongerJobYieldsOneQuantumInFour) {
  for (const std::int64_t quanta : {4, 6, 7, 30}) {
    const std::int64_t yielded = (quanta + kAgeingPeriod - 2) / (kAgeingPeriod - 1);
    EXPECT_LE(WaitedFor(quanta * kQuantum), (1 + yielded) * kQuantum) << quanta;
  }
}

TEST(SchedulerLoopFairnessTest, ALongJobIsNotStarvedByShortOnes) {
  LoopHarness harness(Options());
  const TestJob job = harness.Add(kLong, 10 * kQuantum);
  std::uint32_t id = kLong;
  int quanta = 0;
  while (job.sink->calls() == 0) {
    // Short work for three quanta in four, in bursts: more would be more than the engine can do.
    for (int burst = quanta % 4 == 0 ? 3 : 0; burst > 0; --burst) harness.Add(++id, kQuantum);
    harness.loop.RunOnce();
    ++quanta;
  }
  EXPECT_LE(quanta, kAgeingPeriod * 11);
  harness.RunAll();
}

TEST(SchedulerLoopFairnessTest, TheWorkedExampleOfTheHeader) {
  LoopHarness harness(Options());
  std::vector<std::uint32_t> leaders;
  const auto run = [&] {
    harness.loop.RunOnce();
    leaders.push_back(harness.engine.step_calls().back().ids.front());
  };
  harness.Add(kLong, 10 * kQuantum);
  run();
  harness.Add(11, kQuantum);
  harness.Add(12, kQuantum);
  run();
  run();
  for (std::uint32_t id = 13; id < 22; ++id) {
    harness.Add(id, kQuantum);
    run();
  }
  EXPECT_EQ(leaders,
            (std::vector<std::uint32_t>{kLong, 11, 12, 13, 14, 15, 16, kLong, 17, 18, 19, kLong}));
  harness.RunAll();
}

TEST(SchedulerLoopFairnessTest, EachOfManyLongJobsIsServedWithinTheStatedBound) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    SchedulerOptions options = Options();
    options.max_active_jobs = 1 + static_cast<int>(random() % 12);
    LoopHarness harness(options);
    const std::int64_t bound = kAgeingPeriod * (options.max_active_jobs + 1);
    std::map<std::uint32_t, std::int64_t> hunger;
    std::uint32_t id = 0;
    for (int quantum = 0; quantum < 400; ++quantum) {
      while (harness.loop.queued() < 3) {
        const bool is_short = random() % 3 != 0;
        harness.Add(++id, is_short ? 1 + random() % kQuantum : (50 + random() % 50) * kQuantum);
      }
      harness.loop.RunOnce();
      const FakeEngine::StepCall& call = harness.engine.step_calls().back();
      for (std::size_t i = 0; i < call.ids.size(); ++i) {
        std::int64_t& quanta = hunger[call.ids[i]];
        quanta = call.spent[i] > 0 ? 0 : quanta + 1;
        EXPECT_LE(quanta, bound);
      }
    }
    harness.RunAll();
  }
}

}  // namespace
}  // namespace nemf
