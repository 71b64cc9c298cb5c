#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

// A random life of a loop: jobs of all sizes arrive, are cancelled, expire and fail; and the
// simple model of what must come of each.
class RandomLife {
 public:
  explicit RandomLife(unsigned seed)
      : random_(seed),
        has_executor_thread_(Below(2) == 0),
        harness_(RandomOptions(), has_executor_thread_) {}

  void Run() {
    const int boundaries = 50 + Below(200);
    for (int i = 0; i < boundaries; ++i) {
      for (int arrivals = Below(4); arrivals > 0; --arrivals) Arrive();
      if (!jobs_.empty() && Below(4) == 0) {
        jobs_[Below(static_cast<int>(jobs_.size()))].cancelled->store(true);
      }
      if (Below(8) == 0) harness_.clock.Advance(absl::Milliseconds(Below(500)));
      if (has_executor_thread_ && Below(3) == 0) harness_.EndBatch();
      harness_.loop.RunOnce();
      NoteAnswers();
    }
    while (harness_.loop.RunOnce()) {
      if (has_executor_thread_) harness_.EndBatch();
      NoteAnswers();
    }
    NoteAnswers();
    CheckAll();
  }

 private:
  SchedulerOptions RandomOptions() {
    SchedulerOptions options;
    options.max_encoder_batch = 1 + Below(8);
    options.max_active_jobs = 1 + Below(16);
    FixQuantum(&options, 64 + Below(1000));
    options.pair_cache_bytes = Below(2) == 0 ? 0 : Below(10'000);
    options.max_queued_jobs = 1'000'000;
    options.max_queued_seconds = 1e9;
    return options;
  }

  int Below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  void Arrive() {
    TestJob job;
    const bool is_twin = !jobs_.empty() && Below(6) == 0;
    if (is_twin) {
      job.work = jobs_[Below(static_cast<int>(jobs_.size()))].work;
    } else {
      job.work.id = static_cast<std::uint32_t>(jobs_.size() + 1);
      job.work.queries = Below(3) == 0 ? Below(8000) : Below(500);
      job.work.encode_fails = Below(20) == 0;
      job.work.step_fails = job.work.queries > 0 && Below(20) == 0;
    }
    job.seed = random_();
    job.kind = Below(2) == 0 ? JobKind::kFlow : JobKind::kKeypoints;
    job.priority = static_cast<Priority>(Below(3));
    if (Below(3) == 0) {
      job.deadline = harness_.clock.Now() + absl::Milliseconds(1 + Below(2000));
    }
    waiting_.push_back(jobs_.size());
    jobs_.push_back(harness_.Add(job));
    answered_at_.push_back(absl::InfiniteFuture());
  }

  // The boundary after which each answer was there.
  void NoteAnswers() {
    std::erase_if(waiting_, [this](std::size_t i) {
      if (jobs_[i].sink->calls() == 0) return false;
      answered_at_[i] = harness_.clock.Now();
      return true;
    });
  }

  void CheckAll() {
    std::multiset<std::uint32_t> encoded;
    for (const auto& call : harness_.engine.encode_calls()) {
      encoded.insert(call.ids.begin(), call.ids.end());
    }
    std::multiset<std::uint32_t> twins;
    for (const TestJob& job : jobs_) twins.insert(job.work.id);
    int dropped = 0;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "job " << i);
      ASSERT_EQ(jobs_[i].sink->calls(), 1);
      CheckAnswer(jobs_[i], answered_at_[i]);
      const absl::Status status = jobs_[i].sink->Wait().status();
      if (!status.ok()) ++dropped;
      if (status.message().find("in the queue") != status.message().npos &&
          twins.count(jobs_[i].work.id) == 1) {
        EXPECT_EQ(encoded.count(jobs_[i].work.id), 0u);
      }
    }
    int counted = 0;
    for (const auto& [reason, count] : harness_.observer.dropped) counted += count;
    EXPECT_EQ(counted, dropped);
    EXPECT_EQ(harness_.observer.queued, 0);
    for (const auto& [kind, active] : harness_.observer.active) EXPECT_EQ(active, 0);
    EXPECT_EQ(harness_.loop.active_slots_in_use(), 0);
    EXPECT_EQ(harness_.admission.jobs(), 0);
    EXPECT_NEAR(harness_.observer.queued_work, 0, 1e-6);
    EXPECT_EQ(harness_.observer.cache.bytes, harness_.cache.bytes());
    // Only the cache holds anything.
    EXPECT_EQ(FakeEngine::live_objects() * static_cast<int>(harness_.engine.pair_bytes),
              harness_.cache.bytes());
  }

  static void CheckAnswer(const TestJob& job, absl::Time answered) {
    const auto result = job.sink->Wait();
    switch (result.status().code()) {
      case absl::StatusCode::kOk:
        EXPECT_FALSE(job.work.encode_fails || job.work.step_fails);
        EXPECT_EQ(result->matches.at(0).score, FakeScore(job.work, job.seed));
        EXPECT_EQ(result->statistics.field_queries, job.work.queries);
        break;
      case absl::StatusCode::kCancelled:
        EXPECT_TRUE(job.cancelled->load());
        break;
      case absl::StatusCode::kDeadlineExceeded:
        EXPECT_GE(answered, job.deadline);
        break;
      default:
        EXPECT_TRUE(job.work.encode_fails || job.work.step_fails) << result.status();
    }
  }

  std::mt19937 random_;
  const bool has_executor_thread_;
  LoopHarness harness_;
  std::vector<TestJob> jobs_;
  std::vector<absl::Time> answered_at_;
  std::vector<std::size_t> waiting_;  // the jobs without an answer so far
};

// A cancellation at each of the first boundaries of a job's life, in every kind of company.
TEST(SchedulerLoopPropertyTest, CancelledAtEveryBoundary) {
  int cancellations = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    SchedulerOptions options;
    FixQuantum(&options, 128);
    options.max_encoder_batch = 1 + random() % 3;
    options.pair_cache_bytes = random() % 3 * 2000;
    const bool has_executor_thread = random() % 2 == 0;
    for (int boundary = 0; boundary < 12; ++boundary) {
      LoopHarness harness(options, has_executor_thread);
      std::vector<TestJob> company;
      const std::uint32_t last = 1 + random() % 4;
      for (std::uint32_t id = 2; id <= last; ++id) {
        company.push_back(harness.Add(id, random() % 2000));
      }
      const TestJob job = harness.Add(1, 128 * 9);
      for (int i = 0; i < boundary; ++i) {
        if (has_executor_thread && random() % 2 == 0) harness.EndBatch();
        harness.loop.RunOnce();
      }
      const bool answered = job.sink->calls() > 0;
      job.cancelled->store(true);
      harness.loop.RunOnce();
      ASSERT_EQ(job.sink->calls(), 1);
      EXPECT_EQ(job.sink->code(), answered ? absl::StatusCode::kOk : absl::StatusCode::kCancelled);
      cancellations += answered ? 0 : 1;
      while (harness.loop.RunOnce()) {
        if (has_executor_thread) harness.EndBatch();
      }
      for (const TestJob& other : company) {
        EXPECT_EQ(other.sink->Wait()->matches.at(0).score, FakeScore(other.work, 0));
      }
      EXPECT_EQ(harness.loop.active_slots_in_use(), 0);
      EXPECT_EQ(harness.admission.jobs(), 0);
    }
  }
  EXPECT_GT(cancellations, 1500);
}

TEST(SchedulerLoopPropertyTest, EveryJobGetsItsOwnAnswerOnce) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomLife(seed).Run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace nemf
