#ifndef NEMF_SERVER_SERVICE_RPC_CANCELLATION_H_
#define NEMF_SERVER_SERVICE_RPC_CANCELLATION_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

// Connects a caller's cancellation, which may come at any moment, with the jobs of its request,
// which exist only after its images were decoded. Thread-safe.
class Cancellation {
 public:
  // Cancels every job, now or as soon as it is attached.
  void Cancel() {
    std::vector<std::shared_ptr<JobHandle>> jobs;
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
      jobs = jobs_;
    }
    for (const std::shared_ptr<JobHandle>& job : jobs) job->Cancel();
  }

  bool cancelled() const {
    absl::MutexLock lock(&mutex_);
    return cancelled_;
  }

  // Adds a job. Must be called once for each, right after it was submitted.
  void Attach(const std::shared_ptr<JobHandle>& job) {
    {
      absl::MutexLock lock(&mutex_);
      if (!answered_) jobs_.push_back(job);
      if (!cancelled_) return;
    }
    job->Cancel();
  }

  // Drops all jobs, and those that are attached later, because they were answered. Breaks a cycle:
  // a handle may own the job, the job its sink and the sink this object.
  void Detach() {
    absl::MutexLock lock(&mutex_);
    answered_ = true;
    jobs_.clear();
  }

 private:
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<JobHandle>> jobs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_CANCELLATION_H_
