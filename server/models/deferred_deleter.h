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

// Destroys servings on a thread of its own. The last to let go of a serving is often its own
// scheduler, in the middle of giving the last answer: it must not destroy itself, because that
// waits for the scheduler's thread. Thread-safe.
class DeferredDeleter {
 public:
  DeferredDeleter();
  // Waits until every adopted serving is gone: nobody may hold one for ever.
  ~DeferredDeleter();

  DeferredDeleter(const DeferredDeleter&) = delete;
  DeferredDeleter& operator=(const DeferredDeleter&) = delete;

  // Shares the serving. Letting go of the last share never blocks; the reaper's thread then
  // destroys the serving and calls `gone`.
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
  int alive_ ABSL_GUARDED_BY(mutex_) = 0;  // adopted and not yet gone
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread worker_;  // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_DEFERRED_DELETER_H_
