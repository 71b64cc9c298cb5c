#ifndef NEMF_SERVER_SERVICE_CANCELLATION_H_
#define NEMF_SERVER_SERVICE_CANCELLATION_H_

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

// Joins a caller's cancellation, which may come at any moment, with the job that is to be
// cancelled, which exists only once the request was decoded and submitted. Thread-safe.
class Cancellation {
 public:
  // Cancels the job, now or as soon as it is attached.
  void Cancel() {
    std::shared_ptr<JobHandle> job;
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
      job = job_;
    }
    if (job != nullptr) job->Cancel();
  }

  bool cancelled() const {
    absl::MutexLock lock(&mutex_);
    return cancelled_;
  }

  // To be called once, right after the job was submitted.
  void Attach(std::shared_ptr<JobHandle> job) {
    {
      absl::MutexLock lock(&mutex_);
      if (!answered_) job_ = job;
      if (!cancelled_) return;
    }
    job->Cancel();
  }

  // The job was answered: lets go of it, or of the one that is attached later. (A handle may own
  // the job, the job its sink and the sink this object.)
  void Detach() {
    absl::MutexLock lock(&mutex_);
    answered_ = true;
    job_ = nullptr;
  }

 private:
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<JobHandle> job_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CANCELLATION_H_
