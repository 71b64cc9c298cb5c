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
  // Interval between two scans of the directory, >= 0; 0: only when Models.Load asks.
  absl::Duration poll_interval = absl::Seconds(5);
  // Models of which this version alone is served, >= 1. Of all others, the newest that loads.
  std::map<std::string, std::int64_t> pinned_versions;
  // Limit of all loaded versions together, as predicted from the sizes of their files; bytes, >= 0;
  // 0: no limit. It includes versions that still finish requests. A version is loaded beside the
  // one that it replaces, so both must fit.
  std::int64_t memory_bytes = 0;
  EngineOptions engine;        // of every version
  SchedulerOptions scheduler;  // of every version

  // INVALID_ARGUMENT that names the first broken rule; `engine` validates itself.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_REPOSITORY_OPTIONS_H_
