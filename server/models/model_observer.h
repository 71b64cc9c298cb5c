#ifndef NEMF_SERVER_MODELS_MODEL_OBSERVER_H_
#define NEMF_SERVER_MODELS_MODEL_OBSERVER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"

namespace nemf {

// Hears what becomes of models, for logs and metrics. Called from the repository's threads, never
// under a lock.
class ModelObserver {
 public:
  virtual ~ModelObserver() = default;
  // A version is about to be READY, after `duration` of verifying, loading and warming.
  virtual void OnLoaded(const ModelInfo& /*model*/, const std::string& /*device*/,
                        absl::Duration /*duration*/) {}
  // A version was not loaded. RESOURCE_EXHAUSTED: for want of room in the memory budget.
  virtual void OnLoadFailed(const std::string& /*name*/, const std::string& /*version*/,
                            const absl::Status& /*reason*/) {}
  // A version gets no new requests.
  virtual void OnRetired(const ModelInfo& /*model*/, const std::string& /*device*/) {}
  // The last request on a retired version is answered and its memory is given back.
  virtual void OnUnloaded(const ModelInfo& /*model*/) {}
  // A line about a directory that is not what the layout says; once while it stays so.
  virtual void OnProblem(const std::string& /*problem*/) {}
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_OBSERVER_H_
