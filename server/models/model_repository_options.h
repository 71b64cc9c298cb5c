#ifndef NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_
#define NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/load_model.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

struct ModelRepositoryOptions {
  std::string directory = "models";  // holds <name>/<version>/model.json
  // The model that answers requests without a name. Empty: the first by name of those that are
  // ready at the start.
  std::string default_model = {};
  // Time between two scans for new versions, >= 0; 0: the directory is scanned only on request.
  absl::Duration poll_interval = absl::Seconds(5);
  // Models that are served in one fixed version, >= 1. Other models are served in the newest
  // version that loads.
  std::map<std::string, std::int64_t> pinned_versions = {};
  // Limit of the memory that all loaded versions take, including those that finish their last
  // requests, as predicted by the sizes of their files. Bytes, >= 0; 0: no limit. A version is
  // loaded beside the one that it replaces, so both must fit.
  std::int64_t memory_bytes = 0;
  EngineOptions engine = {};        // of every version
  SchedulerOptions scheduler = {};  // of every version

  // Returns INVALID_ARGUMENT that names the first broken rule. `engine` has its own Validate().
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_
