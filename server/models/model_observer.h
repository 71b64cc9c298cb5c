#ifndef NEMF_SERVER_MODELS_MODEL_OBSERVER_H_
#define NEMF_SERVER_MODELS_MODEL_OBSERVER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"

namespace nemf {

// Receives the events of models, for logs and metrics. Called from the repository's threads, never
// under a lock.
class ModelObserver {
 public:
  virtual ~ModelObserver() = default;
  // A version is about to be READY, after `duration` of verifying, loading and warming.
  virtual void OnLoaded(const ModelInfo& /*model*/, const std::string& /*device*/,
                        absl::Duration /*duration*/) {}
  // A version was not loaded. RESOURCE_EXHAUSTED: it did not fit into the memory budget.
  virtual void OnLoadFailed(const std::string& /*name*/, const std::string& /*version*/,
                            const absl::Status& /*reason*/) {}
  // A version gets no new requests.
  virtual void OnRetired(const ModelInfo& /*model*/, const std::string& /*device*/) {}
  // The last request on a retired version was answered and its memory released.
  virtual void OnUnloaded(const ModelInfo& /*model*/) {}
  // One line about a directory that does not follow the layout; once while it stays so.
  virtual void OnProblem(const std::string& /*problem*/) {}
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_OBSERVER_H_
