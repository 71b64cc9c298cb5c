#ifndef NEMF_SERVER_MODELS_MODEL_CATALOG_H_
#define NEMF_SERVER_MODELS_MODEL_CATALOG_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/engine/load_model.h"

namespace nemf {

// The state of a version. A version that is loaded again may be kLoading while requests still
// finish on the one that was loaded before.
enum class VersionState {
  kAvailable,  // on disk, not loaded
  kLoading,    // is being verified, loaded and run for the first time
  kReady,      // answers requests
  kRetiring,   // gets no new requests; requests that have begun finish
  kFailed,     // could not be loaded; not tried again until its files change or Load() names it
};

struct VersionStatus {
  std::string version = {};
  VersionState state = VersionState::kAvailable;
  // Why the last attempt to load it failed, in one line; empty if it succeeded or there was none.
  std::string reason = {};
  std::int64_t bytes = 0;  // of its files; predicts the memory that it takes
  // The following is known once the version has been loaded.
  ModelInfo info = {};
  std::string device = {};
  absl::Time loaded_at = absl::InfinitePast();
  absl::Duration load_time = {};  // of verifying, loading and the first run
};

struct ModelStatus {
  std::string name;
  bool is_default = false;              // answers requests that name no model
  std::string current_version;          // answers requests that name no version; empty: none
  std::string pinned_version;           // empty: the policy is "latest"
  std::vector<VersionStatus> versions;  // the newest first
};

// Lists and changes the models of a server, for its administrators. Thread-safe.
class ModelCatalog {
 public:
  virtual ~ModelCatalog() = default;

  // Returns all models, ordered by name.
  virtual std::vector<ModelStatus> List() const = 0;
  // Returns one model. NOT_FOUND lists the names of the existing models.
  virtual absl::StatusOr<ModelStatus> Get(absl::string_view name) const = 0;

  // Receives the model's status after a change, or an error. Called exactly once, on another
  // thread.
  using Done = std::function<void(absl::StatusOr<ModelStatus>)>;

  // Scans the directory and loads a version beside the ready ones, even if it failed before. Does
  // not block; `done` is called when the version is ready, at once if it already is. A named
  // version stays loaded until Unload(). An empty `version` means the version that the policy
  // chooses, which then replaces the current one.
  // NOT_FOUND: no such version. RESOURCE_EXHAUSTED: it exceeds the memory limit.
  // FAILED_PRECONDITION: its files are broken, with the reason.
  virtual void Load(const std::string& name, const std::string& version, Done done) = 0;

  // Takes a version out of service, and out of the policy's choice, until Load() names it. An empty
  // `version` means all versions of the model. If the policy can replace the current version, the
  // replacement is loaded first. Does not block; `done` is called when no new request gets the
  // version.
  // NOT_FOUND: no such version. FAILED_PRECONDITION: it is not loaded.
  virtual void Unload(const std::string& name, const std::string& version, Done done) = 0;
};

// Receives the events of models, for logs and metrics. Called from several threads, never under a
// lock. The defaults ignore the event.
class ModelObserver {
 public:
  virtual ~ModelObserver() = default;
  // The directory was scanned; it holds `versions` versions of `models` models.
  virtual void OnScanned(int /*models*/, int /*versions*/) {}
  // A version became ready, `duration` after loading began.
  virtual void OnLoaded(const ModelInfo& /*model*/, const std::string& /*device*/,
                        absl::Duration /*duration*/) {}
  // A version was not loaded. RESOURCE_EXHAUSTED: it exceeds the memory limit.
  virtual void OnLoadFailed(const std::string& /*name*/, const std::string& /*version*/,
                            const absl::Status& /*reason*/) {}
  // A version gets no new requests.
  virtual void OnRetired(const ModelInfo& /*model*/, const std::string& /*device*/) {}
  // A retired version was destroyed, after its last request.
  virtual void OnUnloaded(const ModelInfo& /*model*/) {}
  // A directory does not have the expected layout. Reported once for as long as that lasts.
  virtual void OnProblem(const std::string& /*problem*/) {}
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_CATALOG_H_
