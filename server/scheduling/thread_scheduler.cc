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

// Cancelling only raises a flag: while there are jobs the loop comes past a boundary by itself.
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

// Hears nothing; stands in where there is no observer.
SchedulerObserver* NullObserver() {
  static SchedulerObserver* const observer = new SchedulerObserver;
  return observer;
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

  absl::StatusOr<std::shared_ptr<JobHandle>> Submit(Job job) override {
    const absl::Time now = clock_->Now();
    if (job.deadline <= now) {
      return Refuse(DropReason::kExpiredOnEntry,
                    absl::DeadlineExceededError("the deadline had passed on arrival"));
    }
    // Before the queue's bound: a full queue may be tried again here, a draining server may not.
    if (IsDraining()) return RefuseDraining();
    auto admission = admission_.Admit(Describe(job, now, !cache_.Contains(job.digest)));
    if (auto* refusal = std::get_if<AdmissionController::Refusal>(&admission)) {
      return Refuse(refusal->reason, std::move(refusal->status));
    }
    auto flag = std::make_shared<std::atomic<bool>>(false);
    AdmissionTicket& ticket = std::get<AdmissionTicket>(admission);
    if (!Push({std::move(job), now, flag, std::move(ticket)})) return RefuseDraining();
    return std::make_shared<CancelFlag>(std::move(flag));
  }

  absl::Status CheckAdmission(const Job& job, absl::FunctionRef<PairDigest()> digest) override {
    const absl::Time now = clock_->Now();
    // What comes too late gets Submit()'s better word for it.
    if (job.deadline <= now || !admission_.WouldRefuse(Describe(job, now, true))) {
      return absl::OkStatus();
    }
    // Only now is it worth its time to look whether the pair is encoded already.
    const auto admission = admission_.Admit(Describe(job, now, !cache_.Contains(digest())));
    const auto* refusal = std::get_if<AdmissionController::Refusal>(&admission);
    return refusal == nullptr ? absl::OkStatus() : Refuse(refusal->reason, refusal->status);
  }

  void Drain() override {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
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

  std::int64_t BoundQueries(const Job& job) const {
    if (job.kind == JobKind::kField) {
      return std::int64_t{job.field_nodes.width} * job.field_nodes.height;
    }
    return engine_->BoundQueries(job.pair, job.keypoints, job.options);
  }

  static std::int64_t BytesOf(ImageSize size) { return std::int64_t{3} * size.width * size.height; }

  AdmissionRequest Describe(const Job& job, absl::Time now, bool needs_encoding) const {
    AdmissionRequest item;
    item.kind = job.kind;
    item.work.queries = static_cast<double>(BoundQueries(job));
    item.work.needs_encoding = needs_encoding;
    item.work.priority = job.priority;
    item.bytes = BytesOf(job.pair.query->size) + BytesOf(job.pair.reference->size);
    item.client = job.client;
    item.time_left = job.deadline - now;
    return item;
  }

  absl::Status Refuse(DropReason reason, absl::Status status) {
    observer_->OnJobDropped(reason);
    return status;
  }

  absl::Status RefuseDraining() {
    return Refuse(DropReason::kDraining, absl::UnavailableError("the server is shutting down"));
  }

  bool IsDraining() {
    absl::MutexLock lock(&mutex_);
    return draining_;
  }

  bool Push(AcceptedJob job) {
    absl::MutexLock lock(&mutex_);
    if (draining_) return false;
    inbox_.push_back(std::move(job));
    return true;
  }

  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return idle_ && inbox_.empty(); }
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
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

  // Moves what was submitted into the loop, waiting for it, or for the end of an encoder pass,
  // where there is nothing else to do. Returns false at the end, when nothing will come.
  bool TakeInbox() {
    std::vector<AcceptedJob> arrived;
    {
      absl::MutexLock lock(&mutex_);
      idle_ = loop_.idle();
      if (loop_.waiting()) {
        progress_.busy = false;
        mutex_.Await(absl::Condition(this, &ThreadScheduler::HasNews));
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
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;          // the loop holds no job
  bool batch_ended_ ABSL_GUARDED_BY(mutex_) = false;  // and the loop has not yet looked

  const std::unique_ptr<EncoderExecutor> executor_;
  SchedulerLoop loop_;  // of the worker thread alone
  std::thread worker_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<Scheduler> Scheduler::Create(Engine* engine, Clock* clock,
                                             const SchedulerOptions& options,
                                             SchedulerObserver* observer) {
  return std::make_unique<ThreadScheduler>(engine, clock, options, observer);
}

}  // namespace nemf
