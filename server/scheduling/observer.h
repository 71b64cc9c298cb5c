#ifndef NEMF_SERVER_SCHEDULING_OBSERVER_H_
#define NEMF_SERVER_SCHEDULING_OBSERVER_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/scheduling/job.h"

namespace nemf {

// Why a job got no answer of the engine.
enum class DropReason {
  kQueueFull,       // refused at Submit()
  kDraining,        // refused at Submit()
  kExpiredOnEntry,  // refused at Submit(): its deadline was already past
  kExpiredQueued,   // deadline passed before its encoder pass
  kExpiredActive,   // deadline passed between its encoder pass and its answer
  kCancelled,
  kEngineError,
};

// Hears what a scheduler does, for metrics. Called from the scheduler's thread and from callers of
// Submit(), never under a lock; must not block. One observer may serve many schedulers: the numbers
// of jobs come as changes, which add up.
class SchedulerObserver {
 public:
  virtual ~SchedulerObserver() = default;
  // One encoder pass over `pairs` different pairs.
  virtual void OnEncoderPass(int /*pairs*/, absl::Duration /*duration*/) {}
  // One chunk of matching that spent `queries` field queries.
  virtual void OnStep(std::int64_t /*queries*/, absl::Duration /*duration*/) {}
  // A job waited this long from Submit() to its encoder pass.
  virtual void OnQueueWait(absl::Duration /*wait*/) {}
  virtual void OnJobDropped(DropReason /*reason*/) {}
  // `change` jobs (+1 or -1) entered or left the queue, or became active or ceased to be.
  virtual void OnQueuedJobs(int /*change*/) {}
  virtual void OnActiveJobs(JobKind /*kind*/, int /*change*/) {}
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_OBSERVER_H_
