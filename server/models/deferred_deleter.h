#ifndef NEMF_SERVER_MODELS_DEFERRED_DELETER_H_
#define NEMF_SERVER_MODELS_DEFERRED_DELETER_H_

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/models/served_version.h"

namespace nemf {

// Destroys served versions on its own thread. The last owner of a version is often its own
// scheduler, while it delivers the last answer. It must not destroy itself there, because that
// would wait for the scheduler's own thread. Thread-safe.
class DeferredDeleter {
 public:
  DeferredDeleter();
  // Blocks until every shared version was released and destroyed.
  ~DeferredDeleter();

  DeferredDeleter(const DeferredDeleter&) = delete;
  DeferredDeleter& operator=(const DeferredDeleter&) = delete;

  // Returns a shared pointer to the version. Releasing the last one does not block; the deleter's
  // thread then destroys the version and calls `gone`.
  std::shared_ptr<ServedVersion> Share(std::unique_ptr<ServedVersion> serving,
                                       std::function<void()> gone);

 private:
  struct Retired {
    std::unique_ptr<ServedVersion> serving;
    std::function<void()> gone;
  };

  void Enqueue(Retired retired);
  void Work();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !retired_.empty() || (closing_ && alive_ == 0);
  }

  absl::Mutex mutex_;
  std::vector<Retired> retired_ ABSL_GUARDED_BY(mutex_);
  int alive_ ABSL_GUARDED_BY(mutex_) = 0;  // shared and not yet destroyed
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread worker_;  // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_DEFERRED_DELETER_H_
