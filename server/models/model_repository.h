#ifndef NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_
#define NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/engine/engine.h"
#include "server/models/serving.h"
#include "server/scheduling/clock.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

struct ModelRepositoryOptions {
  std::string directory = "models";  // holds <name>/<version>/model.json
  // The model of requests that name none. Empty: the first by name.
  std::string default_model;
  EngineOptions engine;        // of every model
  SchedulerOptions scheduler;  // of every model

  // INVALID_ARGUMENT that names the first broken rule; `engine` validates itself.
  absl::Status Validate() const;
};

// Loads the bundle in a directory: LoadModel(), or a test's stand-in.
using ModelLoader =
    std::function<absl::StatusOr<LoadedModel>(const std::string& directory, const EngineOptions&)>;

// The models that are served: the newest version of each that loads. Fixed once open, so safe from
// any thread.
class ModelRepository {
 public:
  // Scans the directory and loads the newest version of each model. A version that does not load
  // leaves the place to the next older one, and its reason in problems().
  // Errors, each in one line: those of ScanModels(), NOT_FOUND (no model at all, or not the default
  // one), FAILED_PRECONDITION (nothing loaded, with all reasons).
  // Clock and observer (may be null) outlive all servings. Requires options.Validate().ok().
  static absl::StatusOr<std::unique_ptr<ModelRepository>> Open(
      const ModelRepositoryOptions& options, const ModelLoader& loader, Clock* clock,
      SchedulerObserver* observer = nullptr);

  // The model `name` (empty: the default one) in version `version` (empty: the one that is served).
  // NOT_FOUND names what there is.
  absl::StatusOr<std::shared_ptr<Serving>> Find(absl::string_view name,
                                                absl::string_view version) const;

  // By name.
  const std::vector<std::shared_ptr<Serving>>& servings() const { return servings_; }
  const Serving& default_serving() const { return *default_; }
  // One line for each directory that is not served although it looks as if it should be.
  const std::vector<std::string>& problems() const { return problems_; }

  // Stops accepting on all models and returns when every accepted job was answered.
  void Drain();

 private:
  ModelRepository() = default;

  // "a" version "3", "b" version "1"
  std::string Available() const;

  std::vector<std::shared_ptr<Serving>> servings_;
  std::shared_ptr<Serving> default_;
  std::vector<std::string> problems_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_
