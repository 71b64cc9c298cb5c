// Cancelling at step boundaries while many threads submit: made to be run under ThreadSanitizer.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/scheduler.h"
#include "tests/testing/fake_engine.h"
#include "tests/testing/fake_job.h"
#include "tests/testing/recording_sink.h"

namespace nemf {
namespace {

constexpr int kThreads = 8;
constexpr int kJobsPerThread = 1000;
constexpr int kJobsInFlight = 8;  // of each thread

// The handles of the latest jobs, to be cancelled by whoever passes.
class HandleBoard {
 public:
  void Post(std::size_t place, std::shared_ptr<JobHandle> handle) {
    absl::MutexLock lock(&mutex_);
    handles_[place % handles_.size()] = std::move(handle);
  }
  void CancelOne(std::size_t place) {
    std::shared_ptr<JobHandle> handle;
    {
      absl::MutexLock lock(&mutex_);
      handle = handles_[place % handles_.size()];
    }
    if (handle != nullptr) handle->Cancel();
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<JobHandle>> handles_ ABSL_GUARDED_BY(mutex_) =
      std::vector<std::shared_ptr<JobHandle>>(kThreads * kJobsInFlight);
};

struct Counts {
  std::atomic<int> accepted{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> finished{0};
};

// Submits jobs, some of which it cancels itself, and checks their answers.
void SubmitMany(Scheduler& scheduler, HandleBoard& board, unsigned seed, Counts& counts) {
  std::mt19937 random(seed);
  struct Flying {
    FakeWork work;
    std::shared_ptr<RecordingSink> sink;
  };
  std::vector<Flying> flying;
  const auto land = [&] {
    for (const Flying& job : flying) {
      const auto result = job.sink->Wait();
      if (result.ok()) {
        EXPECT_EQ(result->matches.at(0).score, FakeScore(job.work, seed));
        ++counts.finished;
      } else {
        EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled) << result.status();
        ++counts.cancelled;
      }
      EXPECT_EQ(job.sink->calls(), 1);
    }
    flying.clear();
  };
  for (int i = 0; i < kJobsPerThread; ++i) {
    const auto queries = static_cast<std::int64_t>(1 + random() % 1500);
    Flying job{{.id = static_cast<std::uint32_t>(random()), .queries = queries},
               std::make_shared<RecordingSink>()};
    const JobKind kind = random() % 4 == 0 ? JobKind::kFlow : JobKind::kKeypoints;
    auto ticket = ReserveFake(scheduler, FakeRequest(job.work, kind, seed), job.work);
    ASSERT_TRUE(ticket.ok()) << ticket.status();
    if (random() % 16 == 0) continue;  // the client left while its images were decoded
    auto handle = SubmitFake(scheduler, *std::move(ticket), job.work, job.sink);
    ++counts.accepted;
    if (random() % 8 == 0) handle->Cancel();
    board.Post(random(), std::move(handle));
    if (random() % 8 == 0) board.CancelOne(random());
    flying.push_back(std::move(job));
    if (flying.size() == kJobsInFlight) land();
  }
  land();
}

class CancelRaceTest : public ::testing::TestWithParam<EncodeOverlap> {};

INSTANTIATE_TEST_SUITE_P(Overlap, CancelRaceTest,
                         ::testing::Values(EncodeOverlap::kNever, EncodeOverlap::kUseful));

TEST_P(CancelRaceTest, EveryAcceptedJobIsAnsweredOnce) {
  HandleBoard board;
  Counts counts;
  FakeEngine engine;
  engine.overlap = GetParam();
  // At every other boundary, on the scheduler's own threads.
  std::atomic<unsigned> calls = 0;
  engine.on_call = [&] {
    const unsigned call = ++calls;
    if (call % 2 == 0) board.CancelOne(call * 7);
  };
  SchedulerOptions options;
  options.quantum = absl::Nanoseconds(1);  // so every quantum is the shortest
  options.min_quantum_queries = 256;
  options.pair_cache_bytes = 20'000;
  options.max_active_jobs = 16;
  {
    const auto scheduler = Scheduler::Create(&engine, Clock::System(), options);
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= kThreads; ++seed) {
      threads.emplace_back([&, seed] { SubmitMany(*scheduler, board, seed, counts); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(counts.cancelled + counts.finished, counts.accepted);
  EXPECT_GT(counts.cancelled, 100);
  EXPECT_GT(counts.finished, 100);
  EXPECT_EQ(FakeEngine::live_objects(), 0);
}

TEST_P(CancelRaceTest, DestroyedWhileOthersCancel) {
  for (int round = 0; round < 300; ++round) {
    FakeEngine engine;
    engine.overlap = GetParam();
    std::vector<std::shared_ptr<JobHandle>> handles;
    std::vector<std::shared_ptr<RecordingSink>> sinks;
    auto scheduler = Scheduler::Create(&engine, Clock::System(), {.min_quantum_queries = 64});
    for (std::uint32_t id = 0; id < 10; ++id) {
      sinks.push_back(std::make_shared<RecordingSink>());
      handles.push_back(*RunFake(*scheduler, {.id = id, .queries = 2000}, sinks.back()));
    }
    std::thread canceller([&] {
      for (const auto& handle : handles) handle->Cancel();
    });
    scheduler.reset();
    canceller.join();
    for (const auto& sink : sinks) EXPECT_EQ(sink->calls(), 1);
  }
  EXPECT_EQ(FakeEngine::live_objects(), 0);
}

}  // namespace
}  // namespace nemf
