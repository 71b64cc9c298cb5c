#ifndef NEMF_SERVER_SCHEDULING_OBSERVER_H_
#define NEMF_SERVER_SCHEDULING_OBSERVER_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/scheduling/job.h"

namespace nemf {

// Why the engine did not answer a job.
enum class DropReason {
  kQueueFull,            // refused by Reserve(): too many requests, bytes or seconds wait
  kClientLimit,          // refused by Reserve(): too many requests of its client wait
  kDeadlineUnreachable,  // refused by Reserve(): predicted to miss its deadline
  kDraining,             // refused by Reserve()
  kExpiredOnEntry,       // refused by Reserve(): its deadline had passed
  kExpiredQueued,        // the deadline passed before its encoder batch
  kExpiredActive,  // the deadline passed between the start of its encoder batch and its answer
  kCancelled,
  kEngineError,
};

// The decision about a request.
struct AdmissionDecision {
  JobKind kind = JobKind::kKeypoints;
  std::string client;
  double queries = 0;  // upper bound of its field evaluations
  // The forecast, in seconds: spent on others before its answer, and on itself. Both are 0 if it
  // was refused without one.
  double wait_seconds = 0;
  double own_seconds = 0;
  absl::Duration time_left = absl::InfiniteDuration();  // until its deadline
  std::optional<DropReason> refusal;                    // nullopt: it was admitted
};

// Changes of a pair cache.
struct PairCacheChange {
  int hits = 0;    // jobs whose pair was in the cache
  int misses = 0;  // pairs that had to be encoded
  int evictions = 0;
  std::int64_t bytes = 0;
};

// Shows that a thread is alive: while it is busy, `steps` must grow. Lives from OnThreadStart() to
// OnThreadEnd().
struct Progress {
  std::atomic<bool> busy{false};
  std::atomic<std::uint64_t> steps{0};
};

// Receives the events of schedulers, for metrics. Called from the scheduler's threads and from
// callers of Reserve(), never under a lock; must not block. One observer may serve many schedulers:
// numbers of jobs are reported as changes, which add up. The defaults ignore the event.
class SchedulerObserver {
 public:
  virtual ~SchedulerObserver() = default;
  // A request was admitted or refused. A refusal is reported by OnJobDropped() too.
  virtual void OnAdmission(const AdmissionDecision& /*decision*/) {}
  // One encoder batch of `pairs` different pairs.
  virtual void OnEncoderBatch(int /*pairs*/, absl::Duration /*duration*/) {}
  // One call of the engine within a quantum, which spent `queries` field evaluations.
  virtual void OnStep(std::int64_t /*queries*/, absl::Duration /*duration*/) {}
  // A job waited this long from Submit() to its encoder batch.
  virtual void OnQueueWait(absl::Duration /*wait*/) {}
  virtual void OnJobDropped(DropReason /*reason*/) {}
  // `change` jobs (+1 or -1) entered or left the queue, or the set of active jobs.
  virtual void OnQueuedJobs(int /*change*/) {}
  virtual void OnActiveJobs(JobKind /*kind*/, int /*change*/) {}
  // The predicted seconds of accepted and unfinished work changed by this.
  virtual void OnQueuedWork(double /*change*/) {}
  // Field evaluations that were spent on a job which was then cancelled or expired.
  virtual void OnWastedQueries(std::int64_t /*queries*/) {}
  virtual void OnPairCache(const PairCacheChange& /*change*/) {}
  // The device is lost (see server/engine/fatal_error.h). Reported once a scheduler.
  virtual void OnDeviceLost(const absl::Status& /*error*/) {}
  // A thread of a scheduler started or is about to end.
  virtual void OnThreadStart(const Progress& /*progress*/) {}
  virtual void OnThreadEnd(const Progress& /*progress*/) {}
};

// Passes every event to two observers, which outlive it.
class FanOutObserver final : public SchedulerObserver {
 public:
  FanOutObserver(SchedulerObserver* first, SchedulerObserver* second) : observers_{first, second} {}

  void OnAdmission(const AdmissionDecision& decision) override {
    for (auto* observer : observers_) observer->OnAdmission(decision);
  }
  void OnEncoderBatch(int pairs, absl::Duration duration) override {
    for (auto* observer : observers_) observer->OnEncoderBatch(pairs, duration);
  }
  void OnStep(std::int64_t queries, absl::Duration duration) override {
    for (auto* observer : observers_) observer->OnStep(queries, duration);
  }
  void OnQueueWait(absl::Duration wait) override {
    for (auto* observer : observers_) observer->OnQueueWait(wait);
  }
  void OnJobDropped(DropReason reason) override {
    for (auto* observer : observers_) observer->OnJobDropped(reason);
  }
  void OnQueuedJobs(int change) override {
    for (auto* observer : observers_) observer->OnQueuedJobs(change);
  }
  void OnActiveJobs(JobKind kind, int change) override {
    for (auto* observer : observers_) observer->OnActiveJobs(kind, change);
  }
  void OnQueuedWork(double change) override {
    for (auto* observer : observers_) observer->OnQueuedWork(change);
  }
  void OnWastedQueries(std::int64_t queries) override {
    for (auto* observer : observers_) observer->OnWastedQueries(queries);
  }
  void OnPairCache(const PairCacheChange& change) override {
    for (auto* observer : observers_) observer->OnPairCache(change);
  }
  void OnDeviceLost(const absl::Status& error) override {
    for (auto* observer : observers_) observer->OnDeviceLost(error);
  }
  void OnThreadStart(const Progress& progress) override {
    for (auto* observer : observers_) observer->OnThreadStart(progress);
  }
  void OnThreadEnd(const Progress& progress) override {
    for (auto* observer : observers_) observer->OnThreadEnd(progress);
  }

 private:
  SchedulerObserver* const observers_[2];
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_OBSERVER_H_
