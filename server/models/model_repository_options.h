#ifndef NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_
#define NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

struct ModelRepositoryOptions {
  std::string directory = "models";  // holds <name>/<version>/model.json
  // The model of requests that name none. Empty: the first by name that is served at the start.
  std::string default_model;
  // How often the directory is looked at for new versions, >= 0; 0: only when asked to.
  absl::Duration poll_interval = absl::Seconds(5);
  // Models that are served in one version, >= 1, whatever else there is. All others are served in
  // the newest that loads.
  std::map<std::string, std::int64_t> pinned_versions;
  // What the loaded versions may take together, those that still finish requests included, as
  // predicted from the sizes of their files; bytes, >= 0; 0: no bound. A version is loaded beside
  // the one that it replaces, so there must be room for both.
  std::int64_t memory_bytes = 0;
  EngineOptions engine;        // of every version
  SchedulerOptions scheduler;  // of every version

  // INVALID_ARGUMENT that names the first broken rule; `engine` validates itself.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_
