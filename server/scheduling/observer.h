#ifndef NEMF_SERVER_SCHEDULING_OBSERVER_H_
#define NEMF_SERVER_SCHEDULING_OBSERVER_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/scheduling/job.h"

namespace nemf {

// Why a job got no answer of the engine.
enum class DropReason {
  kQueueFull,            // refused at Submit(): too many jobs, bytes or seconds are waiting
  kClientLimit,          // refused at Submit(): too many jobs of its client are waiting
  kDeadlineUnreachable,  // refused at Submit(): predicted to miss its deadline
  kDraining,             // refused at Submit()
  kExpiredOnEntry,       // refused at Submit(): its deadline was already past
  kExpiredQueued,        // deadline passed before its encoder pass
  kExpiredActive,        // deadline passed between the start of its encoder pass and its answer
  kCancelled,
  kEngineError,
};

// What happened in a pair cache, as changes.
struct PairCacheChange {
  int hits = 0;    // jobs whose pair was there
  int misses = 0;  // pairs that had to be encoded
  int evictions = 0;
  std::int64_t bytes = 0;
};

// A thread's sign of life: while it is busy, `steps` must grow. Lives from OnThreadStart() to
// OnThreadEnd().
struct Progress {
  std::atomic<bool> busy{false};
  std::atomic<std::uint64_t> steps{0};
};

// Hears what a scheduler does, for metrics. Called from the scheduler's thread and from callers of
// Submit(), never under a lock; must not block. One observer may serve many schedulers: the numbers
// of jobs come as changes, which add up.
class SchedulerObserver {
 public:
  virtual ~SchedulerObserver() = default;
  // One encoder pass over `pairs` different pairs.
  virtual void OnEncoderBatch(int /*pairs*/, absl::Duration /*duration*/) {}
  // One chunk of matching that spent `queries` field queries.
  virtual void OnStep(std::int64_t /*queries*/, absl::Duration /*duration*/) {}
  // A job waited this long from Submit() to its encoder pass.
  virtual void OnQueueWait(absl::Duration /*wait*/) {}
  virtual void OnJobDropped(DropReason /*reason*/) {}
  // `change` jobs (+1 or -1) entered or left the queue, or became active or ceased to be.
  virtual void OnQueuedJobs(int /*change*/) {}
  virtual void OnActiveJobs(JobKind /*kind*/, int /*change*/) {}
  // The predicted seconds of accepted and unfinished work grew by this.
  virtual void OnQueuedWork(double /*change*/) {}
  // Field queries that were spent on a job which then was cancelled or expired.
  virtual void OnWastedQueries(std::int64_t /*queries*/) {}
  virtual void OnPairCache(const PairCacheChange& /*change*/) {}
  // The device is lost (see server/engine/fatal_error.h); said once a scheduler.
  virtual void OnDeviceLost(const absl::Status& /*error*/) {}
  // The threads of a scheduler.
  virtual void OnThreadStart(const Progress& /*progress*/) {}
  virtual void OnThreadEnd(const Progress& /*progress*/) {}
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_OBSERVER_H_
