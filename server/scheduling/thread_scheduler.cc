#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/accepted_job.h"
#include "server/scheduling/pair_fingerprint.h"
#include "server/scheduling/scheduler.h"
#include "server/scheduling/slots.h"
#include "server/scheduling/step_loop.h"

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

// A StepLoop and the thread that drives it. Submitted jobs pass through `inbox_`, so the lock is
// held for a push or a swap and never while the engine or a sink runs.
class ThreadScheduler final : public Scheduler {
 public:
  ThreadScheduler(Engine* engine, Clock* clock, const SchedulerOptions& options,
                  SchedulerObserver* observer)
      : clock_(clock),
        observer_(observer),
        queue_slots_(options.max_queued_jobs),
        loop_(engine, clock, options, observer),
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
    Slot slot = queue_slots_.TryAcquire();
    if (!slot) {
      return Refuse(DropReason::kQueueFull,
                    absl::ResourceExhaustedError(absl::StrCat(
                        "the queue is full: ", queue_slots_.capacity(), " jobs are waiting")));
    }
    auto flag = std::make_shared<std::atomic<bool>>(false);
    const std::uint64_t fingerprint = PairFingerprint(*job.pair);
    if (!Push({std::move(job), fingerprint, now, flag, std::move(slot)})) return RefuseDraining();
    return std::make_shared<CancelFlag>(std::move(flag));
  }

  void Drain() override {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    mutex_.Await(absl::Condition(this, &ThreadScheduler::IsIdle));
  }

 private:
  absl::Status Refuse(DropReason reason, absl::Status status) {
    if (observer_ != nullptr) observer_->OnJobDropped(reason);
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
    return stopping_ || !inbox_.empty();
  }

  void Work() {
    while (TakeInbox()) loop_.RunOnce();
  }

  // Moves what was submitted into the loop, waiting for it where there is nothing else to do.
  // Returns false at the end, when nothing will come.
  bool TakeInbox() {
    std::vector<AcceptedJob> arrived;
    {
      absl::MutexLock lock(&mutex_);
      idle_ = loop_.idle();
      if (idle_) {
        mutex_.Await(absl::Condition(this, &ThreadScheduler::HasNews));
        if (inbox_.empty()) return false;
        idle_ = false;
      }
      arrived.swap(inbox_);
    }
    for (AcceptedJob& job : arrived) loop_.Add(std::move(job));
    return true;
  }

  Clock* const clock_;
  SchedulerObserver* const observer_;
  SlotPool queue_slots_;  // outlives the jobs

  absl::Mutex mutex_;
  std::vector<AcceptedJob> inbox_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;  // the loop holds no job

  StepLoop loop_;       // of the worker thread alone
  std::thread worker_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<Scheduler> Scheduler::Create(Engine* engine, Clock* clock,
                                             const SchedulerOptions& options,
                                             SchedulerObserver* observer) {
  return std::make_unique<ThreadScheduler>(engine, clock, options, observer);
}

}  // namespace nemf
