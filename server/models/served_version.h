#ifndef NEMF_SERVER_MODELS_SERVED_VERSION_H_
#define NEMF_SERVER_MODELS_SERVED_VERSION_H_

#include <memory>
#include <utility>

#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

// One loaded version of a model with its engine and the scheduler of the engine. Owners may submit
// jobs to it; the destructor blocks until the jobs in flight have ended.
class ServedVersion {
 public:
  // Clock and observer (may be null) outlive the version. Requires options.Validate().ok().
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

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_SERVED_VERSION_H_
