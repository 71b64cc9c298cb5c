#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/admission/accepted_job.h"
#include "server/scheduling/admission/admission_controller.h"
#include "server/scheduling/encoding/encoder_executor.h"
#include "server/scheduling/encoding/pair_cache.h"
#include "server/scheduling/loop/scheduler_loop.h"
#include "server/scheduling/scheduler.h"

namespace nemf {
namespace {

// Cancelling sets a flag, which the loop reads at each tick.
class CancelFlag final : public JobHandle {
 public:
  explicit CancelFlag(std::shared_ptr<std::atomic<bool>> flag) : flag_(std::move(flag)) {}
  void Cancel() override { flag_->store(true); }

 private:
  const std::shared_ptr<std::atomic<bool>> flag_;
};

bool Overlaps(OverlapEncoding option, EncodeOverlap engine) {
  if (option == OverlapEncoding::kOn) return engine != EncodeOverlap::kNever;
  return option == OverlapEncoding::kAuto && engine == EncodeOverlap::kUseful;
}

// Returns a no-op observer, used when none is supplied.
SchedulerObserver* NullObserver() {
  static SchedulerObserver* const observer = new SchedulerObserver;
  return observer;
}

std::int64_t Area(ImageSize size) { return std::int64_t{size.width} * size.height; }

std::int64_t ResultBytes(const JobRequest& request) {
  constexpr std::int64_t kMatch = sizeof(Match);
  if (const auto* field = std::get_if<FieldSpec>(&request.spec)) {
    return Area(field->nodes) * (kMatch + static_cast<std::int64_t>(sizeof(float)));
  }
  if (const auto* flow = std::get_if<FlowSpec>(&request.spec)) {
    const std::int64_t backward = flow->both_ways ? Area(request.reference) : 0;
    return (Area(request.query) + backward) * kMatch;
  }
  const auto& keypoints = std::get<KeypointsSpec>(request.spec).keypoints;
  return static_cast<std::int64_t>(keypoints.size()) * kMatch;
}

// Returns the bytes that a request holds until its answer. The encoder's input is not among them:
// max_encoder_batch bounds it, whatever the number of requests.
std::int64_t HeldBytes(const JobRequest& request) {
  constexpr std::int64_t kRgb = 3;
  return request.other_bytes + kRgb * (Area(request.query) + Area(request.reference)) +
         ResultBytes(request);
}

// A SchedulerLoop and the thread that drives it. Submitted jobs pass through `inbox_`, so the lock
// is held for a push or a swap and never while the engine or a sink runs.
class ThreadScheduler final : public Scheduler {
 public:
  ThreadScheduler(Engine* engine, Clock* clock, const SchedulerOptions& options,
                  SchedulerObserver* observer)
      : engine_(engine),
        clock_(clock),
        observer_(observer != nullptr ? observer : NullObserver()),
        admission_(options, std::min(options.max_encoder_batch, engine->encoder_batch())),
        cache_(options.pair_cache_bytes, observer_),
        executor_(MakeEncoderExecutor(options.overlap_encoding)),
        loop_({engine, clock, observer_, &admission_, executor_.get(), &cache_}, options),
        worker_([this] { Work(); }) {}

  ~ThreadScheduler() override {
    Drain();
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    worker_.join();
  }

  absl::StatusOr<JobTicket> Reserve(JobRequest request, DigestFunction digest) override {
    AdmissionRequest wanted = Describe(request);
    Forecast forecast;
    auto admission = admission_.Admit(wanted, &forecast);
    auto* refusal = std::get_if<AdmissionController::Refusal>(&admission);
    // A digest takes milliseconds: it is computed only if an encoded pair may change the answer.
    if (refusal != nullptr && absl::IsResourceExhausted(refusal->status) &&
        cache_.Contains(digest())) {
      wanted.work.needs_encoding = false;
      admission = admission_.Admit(wanted, &forecast);
      refusal = std::get_if<AdmissionController::Refusal>(&admission);
    }
    observer_->OnAdmission(
        {.kind = wanted.kind,
         .client = wanted.client,
         .queries = wanted.work.queries,
         .wait_seconds = forecast.wait,
         .own_seconds = forecast.own,
         .time_left = wanted.time_left,
         .refusal = refusal != nullptr ? std::optional(refusal->reason) : std::nullopt});
    if (refusal != nullptr) {
      observer_->OnJobDropped(refusal->reason);
      return std::move(refusal->status);
    }
    return JobTicket{std::move(request), std::get<AdmissionTicket>(std::move(admission))};
  }

  std::shared_ptr<JobHandle> Submit(JobTicket ticket, ImagePair pair, const PairDigest& digest,
                                    std::shared_ptr<JobSink> sink) override {
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    JobRequest& request = ticket.request;
    // Exact now: decoding may have turned the image, and the pair may be encoded already.
    const std::int64_t queries = BoundQueries(request.spec, pair.query->size);
    const bool needs_encoding = !cache_.Contains(digest);
    AcceptedJob job{.spec = std::move(request.spec),
                    .pair = std::move(pair),
                    .digest = digest,
                    .deadline = request.deadline,
                    .priority = request.priority,
                    .sink = std::move(sink),
                    .submitted = clock_->Now(),
                    .cancelled = cancelled,
                    .ticket = std::move(ticket.admission)};
    {
      absl::MutexLock lock(&mutex_);
      // Under the lock, so that Drain() finds the job in the inbox once its ticket counts as
      // submitted.
      job.ticket.Submitted(queries, needs_encoding);
      inbox_.push_back(std::move(job));
    }
    return std::make_shared<CancelFlag>(std::move(cancelled));
  }

  void Drain() override {
    admission_.Close();
    admission_.AwaitSubmitted();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &ThreadScheduler::IsIdle));
  }

 private:
  std::unique_ptr<EncoderExecutor> MakeEncoderExecutor(OverlapEncoding option) {
    if (!Overlaps(option, engine_->encode_overlap()))
      return EncoderExecutor::Inline(engine_, clock_);
    return EncoderExecutor::Threaded(engine_, clock_, observer_, [this] {
      absl::MutexLock lock(&mutex_);
      batch_ended_ = true;
    });
  }

  std::int64_t BoundQueries(const JobSpec& spec, ImageSize query) const {
    if (const auto* field = std::get_if<FieldSpec>(&spec)) return Area(field->nodes);
    if (const auto* flow = std::get_if<FlowSpec>(&spec)) {
      return engine_->BoundQueries(query, {}, flow->options,
                                   static_cast<int>(flow->snapshots.size()));
    }
    const auto& keypoints = std::get<KeypointsSpec>(spec);
    return engine_->BoundQueries(query, keypoints.keypoints, keypoints.options, 0);
  }

  // Returns what admission decides on, for a pair that is not encoded.
  AdmissionRequest Describe(const JobRequest& request) const {
    AdmissionRequest wanted;
    wanted.kind = KindOf(request.spec);
    wanted.work.queries = static_cast<double>(BoundQueries(request.spec, request.query));
    wanted.work.priority = request.priority;
    const auto* flow = std::get_if<FlowSpec>(&request.spec);
    if (flow != nullptr && flow->both_ways) {
      FlowSpec backward = *flow;
      backward.snapshots.clear();
      wanted.backward = wanted.work;
      wanted.backward->queries = static_cast<double>(BoundQueries(backward, request.reference));
    }
    wanted.bytes = HeldBytes(request);
    wanted.client = request.client;
    wanted.time_left = request.deadline - clock_->Now();
    return wanted;
  }

  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return idle_ && inbox_.empty(); }
  bool HasEvent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !inbox_.empty() || batch_ended_ || (stopping_ && idle_);
  }

  void Work() {
    observer_->OnThreadStart(progress_);
    while (TakeInbox()) {
      loop_.RunOnce();
      ++progress_.steps;
    }
    observer_->OnThreadEnd(progress_);
  }

  // Moves submitted jobs into the loop. If the loop has no work, waits for a job or for the end of
  // an encoder batch. Returns false when the scheduler is destroyed.
  bool TakeInbox() {
    std::vector<AcceptedJob> arrived;
    {
      absl::MutexLock lock(&mutex_);
      idle_ = loop_.idle();
      if (loop_.waiting()) {
        progress_.busy = false;
        mutex_.Await(absl::Condition(this, &ThreadScheduler::HasEvent));
        if (inbox_.empty() && !batch_ended_) return false;
        progress_.busy = true;
      }
      idle_ = false;
      batch_ended_ = false;
      arrived.swap(inbox_);
    }
    for (AcceptedJob& job : arrived) loop_.Add(std::move(job));
    return true;
  }

  Engine* const engine_;
  Clock* const clock_;
  SchedulerObserver* const observer_;
  Progress progress_;
  AdmissionController admission_;  // outlives the jobs
  PairCache cache_;

  absl::Mutex mutex_;
  std::vector<AcceptedJob> inbox_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;          // the loop has no job
  bool batch_ended_ ABSL_GUARDED_BY(mutex_) = false;  // since the loop last ran

  const std::unique_ptr<EncoderExecutor> executor_;
  SchedulerLoop loop_;  // used by the worker thread only
  std::thread worker_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<Scheduler> Scheduler::Create(Engine* engine, Clock* clock,
                                             const SchedulerOptions& options,
                                             SchedulerObserver* observer) {
  return std::make_unique<ThreadScheduler>(engine, clock, options, observer);
}

}  // namespace nemf
