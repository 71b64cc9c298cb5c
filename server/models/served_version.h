#ifndef NEMF_SERVER_MODELS_SERVED_VERSION_H_
#define NEMF_SERVER_MODELS_SERVED_VERSION_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/base/serial_executor.h"
#include "server/engine/load_model.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

// A loaded version of a model, with the scheduler of its engine. Requests share its ownership and
// may submit jobs for as long as they do. The destructor blocks until all its jobs are answered.
class ServedVersion {
 public:
  // Clock and observer (may be null) outlive this object. Requires options.Validate().ok().
  ServedVersion(LoadedModel model, Clock* clock, const SchedulerOptions& options,
                SchedulerObserver* observer)
      : model_(std::move(model)),
        scheduler_(Scheduler::Create(model_.engine.get(), clock, options, observer)) {}

  const ModelInfo& info() const { return model_.info; }
  Engine& engine() const { return *model_.engine; }
  Scheduler& scheduler() const { return *scheduler_; }

 private:
  LoadedModel model_;
  std::unique_ptr<Scheduler> scheduler_;  // after the engine that it drives
};

// Destroys served versions on a thread of its own. The last owner of a version may be its own
// scheduler, while it gives the last answer; the destructor would then wait for the thread that it
// runs on. Thread-safe.
class DeferredDeleter {
 public:
  DeferredDeleter() = default;
  // Blocks until every shared version is destroyed.
  ~DeferredDeleter();

  DeferredDeleter(const DeferredDeleter&) = delete;
  DeferredDeleter& operator=(const DeferredDeleter&) = delete;

  // Returns a shared owner of `version`. Releasing the last one does not block: the thread then
  // destroys the version and calls `destroyed`.
  std::shared_ptr<ServedVersion> Share(std::unique_ptr<ServedVersion> version,
                                       std::function<void()> destroyed);

 private:
  absl::Mutex mutex_;
  int alive_ ABSL_GUARDED_BY(mutex_) = 0;  // shared and not yet destroyed
  SerialExecutor executor_;                // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_SERVED_VERSION_H_
