#ifndef NEMF_TESTS_SCHEDULING_LOOP_HARNESS_H_
#define NEMF_TESTS_SCHEDULING_LOOP_HARNESS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "server/scheduling/admission/accepted_job.h"
#include "server/scheduling/admission/admission_controller.h"
#include "server/scheduling/encoding/encoder_executor.h"
#include "server/scheduling/encoding/pair_cache.h"
#include "server/scheduling/loop/scheduler_loop.h"
#include "server/scheduling/observer.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_engine.h"
#include "tests/testing/fake_job.h"
#include "tests/testing/recording_sink.h"

namespace nemf {

// Adds up the events.
class CountingObserver final : public SchedulerObserver {
 public:
  void OnEncoderBatch(int pairs, absl::Duration) override { encoder_batches.push_back(pairs); }
  void OnStep(std::int64_t queries, absl::Duration) override { field_queries += queries; }
  void OnQueueWait(absl::Duration) override { ++queue_waits; }
  void OnJobDropped(DropReason reason) override { ++dropped[reason]; }
  void OnQueuedJobs(int change) override { queued += change; }
  void OnActiveJobs(JobKind kind, int change) override { active[kind] += change; }
  void OnQueuedWork(double change) override { queued_work += change; }
  void OnWastedQueries(std::int64_t queries) override { wasted_queries += queries; }
  void OnPairCache(const PairCacheChange& change) override {
    cache.hits += change.hits;
    cache.misses += change.misses;
    cache.evictions += change.evictions;
    cache.bytes += change.bytes;
  }
  void OnDeviceLost(const absl::Status&) override { ++devices_lost; }

  std::vector<int> encoder_batches;
  std::int64_t field_queries = 0;
  int queue_waits = 0;
  std::map<DropReason, int> dropped;
  int queued = 0;
  std::map<JobKind, int> active;
  double queued_work = 0;
  std::int64_t wasted_queries = 0;
  PairCacheChange cache;
  int devices_lost = 0;
};

// A job as a test sees it.
struct TestJob {
  FakeWork work;
  std::uint64_t seed = 0;
  JobKind kind = JobKind::kKeypoints;
  absl::Time deadline = absl::InfiniteFuture();
  Priority priority = Priority::kNormal;
  std::vector<int> snapshots = {};  // of a flow
  ImageSize field_nodes = {};       // of a field
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
};

// `job` as the loop takes it.
inline AcceptedJob Accept(const TestJob& job, absl::Time now) {
  AcceptedJob accepted;
  accepted.spec = FakeSpec(job.kind, job.seed);
  if (auto* flow = std::get_if<FlowSpec>(&accepted.spec)) flow->snapshots = job.snapshots;
  if (auto* field = std::get_if<FieldSpec>(&accepted.spec)) field->nodes = job.field_nodes;
  accepted.pair = FakePair(job.work);
  accepted.digest = FakeDigest(accepted.pair);
  accepted.deadline = job.deadline;
  accepted.priority = job.priority;
  accepted.sink = job.sink;
  accepted.submitted = now;
  accepted.cancelled = job.cancelled;
  return accepted;
}

// Makes every quantum this many queries, whatever is measured.
inline void FixQuantum(SchedulerOptions* options, std::int64_t queries) {
  options->quantum = absl::Nanoseconds(1);
  options->min_quantum_queries = queries;
}

// An executor whose batches end when the test says so. Counts as one with a thread.
class ManualExecutor final : public EncoderExecutor {
 public:
  ManualExecutor(Engine* engine, Clock* clock) : inline_(Inline(engine, clock)) {}

  bool has_thread() const override { return true; }
  bool busy() const override { return !pairs_.empty() || inline_->busy(); }
  void Start(std::vector<ImagePair> pairs) override { pairs_ = std::move(pairs); }
  std::optional<EncodedBatch> TakeDone() override { return inline_->TakeDone(); }

  // Runs the batch that was started, if there is one.
  void EndBatch() {
    if (!pairs_.empty()) inline_->Start(std::exchange(pairs_, {}));
  }

 private:
  const std::unique_ptr<EncoderExecutor> inline_;
  std::vector<ImagePair> pairs_;
};

// A SchedulerLoop with everything around it faked.
struct LoopHarness {
  explicit LoopHarness(const SchedulerOptions& options, bool manual_executor = false)
      : manual(manual_executor),
        admission(options, engine.batch),
        cache(options.pair_cache_bytes, &observer),
        executor(manual_executor ? std::make_unique<ManualExecutor>(&engine, &clock)
                                 : EncoderExecutor::Inline(&engine, &clock)),
        loop({&engine, &clock, &observer, &admission, executor.get(), &cache}, options) {}

  // As Scheduler::Reserve() and Submit() would. Requires that the admission admits it.
  TestJob Add(TestJob job) {
    AcceptedJob accepted = Accept(job, clock.Now());
    AdmissionRequest item;
    item.kind = job.kind;
    item.work.queries = static_cast<double>(job.work.queries);
    item.work.priority = job.priority;
    accepted.ticket = std::get<AdmissionTicket>(admission.Admit(item));
    accepted.ticket.Submitted(job.work.queries, /*needs_encoding=*/true);
    loop.Add(std::move(accepted));
    return job;
  }
  TestJob Add(std::uint32_t id, std::int64_t queries) {
    TestJob job;
    job.work = {.id = id, .queries = queries};
    return Add(std::move(job));
  }
  // Of a manual executor.
  void EndBatch() { static_cast<ManualExecutor&>(*executor).EndBatch(); }
  void RunAll() {
    while (loop.RunOnce()) {
      if (manual) EndBatch();
    }
  }

  const bool manual;
  FakeClock clock;
  FakeEngine engine{&clock};
  CountingObserver observer;
  AdmissionController admission;
  PairCache cache;
  std::unique_ptr<EncoderExecutor> executor;
  SchedulerLoop loop;
};

}  // namespace nemf

#endif  // NEMF_TESTS_SCHEDULING_LOOP_HARNESS_H_
