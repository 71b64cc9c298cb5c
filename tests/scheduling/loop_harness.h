#ifndef NEMF_TESTS_SCHEDULING_LOOP_HARNESS_H_
#define NEMF_TESTS_SCHEDULING_LOOP_HARNESS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "server/scheduling/accepted_job.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/pair_fingerprint.h"
#include "server/scheduling/step_loop.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_engine.h"
#include "tests/testing/recording_sink.h"

namespace nemf {

// Adds up what it hears.
class CountingObserver final : public SchedulerObserver {
 public:
  void OnEncoderPass(int pairs, absl::Duration) override { encoder_passes.push_back(pairs); }
  void OnStep(std::int64_t queries, absl::Duration) override { field_queries += queries; }
  void OnQueueWait(absl::Duration) override { ++queue_waits; }
  void OnJobDropped(DropReason reason) override { ++dropped[reason]; }
  void OnQueuedJobs(int change) override { queued += change; }
  void OnActiveJobs(JobKind kind, int change) override { active[kind] += change; }

  std::vector<int> encoder_passes;
  std::int64_t field_queries = 0;
  int queue_waits = 0;
  std::map<DropReason, int> dropped;
  int queued = 0;
  std::map<JobKind, int> active;
};

// A job as a test sees it.
struct TestJob {
  FakeWork work;
  std::uint64_t seed = 0;
  JobKind kind = JobKind::kKeypoints;
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
};

// `job` as the loop takes it.
inline AcceptedJob Accept(const TestJob& job, absl::Time now) {
  AcceptedJob accepted;
  accepted.job.kind = job.kind;
  accepted.job.pair = FakePair(job.work);
  accepted.job.options.seed = job.seed;
  accepted.job.deadline = job.deadline;
  accepted.job.sink = job.sink;
  accepted.fingerprint = PairFingerprint(*accepted.job.pair);
  accepted.submitted = now;
  accepted.cancelled = job.cancelled;
  return accepted;
}

// A StepLoop with everything around it faked.
struct LoopHarness {
  explicit LoopHarness(const SchedulerOptions& options)
      : loop(&engine, &clock, options, &observer) {}

  TestJob Add(TestJob job) {
    loop.Add(Accept(job, clock.Now()));
    return job;
  }
  TestJob Add(std::uint32_t id, std::int64_t queries) {
    TestJob job;
    job.work = {.id = id, .queries = queries};
    return Add(std::move(job));
  }
  void RunAll() {
    while (loop.RunOnce()) {
    }
  }

  FakeClock clock;
  FakeEngine engine{&clock};
  CountingObserver observer;
  StepLoop loop;
};

}  // namespace nemf

#endif  // NEMF_TESTS_SCHEDULING_LOOP_HARNESS_H_
