#include "tests/bench_serving/cancel_steps.h"

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/load/random.h"
#include "server/scheduling/scheduler.h"

namespace nemf {
namespace {

// Flows that do not end by themselves while they are measured.
constexpr int kEndless = 1000;
// A flow is cancelled in one of its first steps: later ones are no different.
constexpr int kFirstSteps = 6;
constexpr std::int64_t kQuantumQueries = 4096;  // short steps: many trials in little time

// Counts the steps of a scheduler.
class StepCounter final : public SchedulerObserver {
 public:
  void OnStep(std::int64_t, absl::Duration duration) override {
    absl::MutexLock lock(&mutex_);
    ++steps_;
    time_ += duration;
  }
  int steps() const {
    absl::MutexLock lock(&mutex_);
    return steps_;
  }
  void AwaitSteps(int steps) const {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, steps]()
                             ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return steps_ >= steps; };
    mutex_.Await(absl::Condition(&reached));
  }
  absl::Duration MeanStep() const {
    absl::MutexLock lock(&mutex_);
    return steps_ > 0 ? time_ / steps_ : absl::ZeroDuration();
  }

 private:
  mutable absl::Mutex mutex_;
  int steps_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration time_ ABSL_GUARDED_BY(mutex_);
};

// Notes when the answer came.
class AnswerSink final : public JobSink {
 public:
  explicit AnswerSink(const StepCounter* counter) : counter_(counter) {}
  void OnDone(absl::StatusOr<JobResult> result) override {
    const int steps = counter_->steps();
    absl::MutexLock lock(&mutex_);
    status_ = result.status();
    steps_ = steps;
    time_ = absl::Now();
    done_ = true;
  }
  void Await() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
  }
  absl::Status status() const { return status_; }
  int steps() const { return steps_; }
  absl::Time time() const { return time_; }

 private:
  const StepCounter* const counter_;
  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  // Written before done_, read after Await().
  absl::Status status_;
  int steps_ = 0;
  absl::Time time_;
};

SchedulerOptions Options() {
  SchedulerOptions options;
  options.quantum = absl::Nanoseconds(1);  // so every quantum is the shortest
  options.min_quantum_queries = kQuantumQueries;
  options.max_queued_seconds = 1e12;  // endless work goes before every flow
  return options;
}

class CancelBench {
 public:
  CancelBench(Engine* engine, ImagePair pair, std::uint64_t seed)
      : pair_(std::move(pair)),
        random_(seed),
        scheduler_(Scheduler::Create(engine, Clock::System(), Options(), &counter_)) {}

  absl::StatusOr<CancelSteps> Run(int trials) {
    const auto company = std::make_shared<AnswerSink>(&counter_);
    const auto handle = Submit(company);
    if (!handle.ok()) return handle.status();
    absl::Status status;
    while (sum_.trials < trials && status.ok()) status = Try();
    (*handle)->Cancel();
    company->Await();
    if (!status.ok()) return status;
    sum_.mean_steps = static_cast<double>(steps_) / sum_.trials;
    sum_.chunk_seconds = absl::ToDoubleSeconds(counter_.MeanStep());
    return sum_;
  }

 private:
  // Submits an endless flow.
  absl::StatusOr<std::shared_ptr<JobHandle>> Submit(std::shared_ptr<JobSink> sink) {
    JobRequest request;
    FlowSpec flow;
    flow.options.patchmatch_iterations = kEndless;
    request.spec = std::move(flow);
    request.query = pair_.query->size;
    request.reference = pair_.reference->size;
    absl::StatusOr<JobTicket> ticket =
        scheduler_->Reserve(std::move(request), [] { return PairDigest{}; });
    if (!ticket.ok()) return ticket.status();
    return scheduler_->Submit(*std::move(ticket), pair_, PairDigest{}, std::move(sink));
  }

  absl::Status Try() {
    const auto sink = std::make_shared<AnswerSink>(&counter_);
    const auto handle = Submit(sink);
    if (!handle.ok()) return handle.status();
    counter_.AwaitSteps(counter_.steps() + 1 + static_cast<int>(random_.Below(kFirstSteps)));
    absl::SleepFor(random_.Uniform() * counter_.MeanStep());  // into the middle of a step

    const int before = counter_.steps();
    const absl::Time cancelled = absl::Now();
    (*handle)->Cancel();
    const bool same_step = counter_.steps() == before;
    sink->Await();
    if (!absl::IsCancelled(sink->status())) return sink->status();
    // Where a step ended meanwhile, it is not known whether before or after the cancellation.
    if (same_step) Add(sink->steps() - before, sink->time() - cancelled);
    return absl::OkStatus();
  }

  void Add(int steps, absl::Duration time) {
    ++sum_.trials;
    steps_ += steps;
    sum_.max_steps = std::max(sum_.max_steps, steps);
    sum_.max_seconds = std::max(sum_.max_seconds, absl::ToDoubleSeconds(time));
  }

  const ImagePair pair_;
  load::SplitMix64 random_;
  StepCounter counter_;  // outlives the scheduler
  const std::unique_ptr<Scheduler> scheduler_;
  CancelSteps sum_;
  int steps_ = 0;
};

}  // namespace

absl::StatusOr<CancelSteps> MeasureCancelSteps(Engine* engine, ImagePair pair, int trials,
                                               std::uint64_t seed) {
  return CancelBench(engine, std::move(pair), seed).Run(trials);
}

}  // namespace nemf
