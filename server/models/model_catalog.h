#ifndef NEMF_SERVER_MODELS_MODEL_CATALOG_H_
#define NEMF_SERVER_MODELS_MODEL_CATALOG_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"

namespace nemf {

// The state of a version. A version that is loaded again may be kLoading while requests still
// finish on the instance before.
enum class VersionState {
  kAvailable,  // on disk, not loaded
  kLoading,    // being verified, loaded and warmed
  kReady,      // answers requests
  kRetiring,   // gets no new requests; the ones that have begun finish
  kFailed,     // could not be loaded; not tried again until its files change or Load() asks
};

struct VersionStatus {
  std::string version = {};
  VersionState state = VersionState::kAvailable;
  // One line: why the last attempt to load it failed. Empty if there was no attempt, or it
  // succeeded.
  std::string reason = {};
  std::int64_t bytes = 0;  // of its files; also its predicted memory
  // The rest is set once the version has been loaded.
  ModelInfo info = {};
  std::string device = {};
  absl::Time loaded_at = absl::InfinitePast();
  absl::Duration load_time = {};  // of verifying, loading and warming
};

struct ModelStatus {
  std::string name;
  bool is_default = false;      // answers requests that name no model
  std::string current_version;  // answers requests that name no version; empty: none is loaded
  std::string pinned_version;   // empty: the policy is "latest"
  std::vector<VersionStatus> versions;  // the newest first
};

// The models on disk and the served versions, for administration. Thread-safe.
class ModelCatalog {
 public:
  virtual ~ModelCatalog() = default;

  // Returns all models, sorted by name.
  virtual std::vector<ModelStatus> List() const = 0;
  // NOT_FOUND lists the existing models.
  virtual absl::StatusOr<ModelStatus> Get(absl::string_view name) const = 0;

  // Receives the model's status after the change, or the reason why it failed. Called exactly once,
  // on another thread.
  using Done = std::function<void(absl::StatusOr<ModelStatus>)>;

  // Scans the directory again and loads a version beside the served ones, even one that failed
  // before. `done` is called when it is READY, at once if it is already. Does not block.
  // A named version stays loaded until Unload(). An empty version means the one that the policy
  // chooses, which then replaces the current one.
  // NOT_FOUND: no such version. RESOURCE_EXHAUSTED: it does not fit the memory budget.
  // FAILED_PRECONDITION: its files are broken, with the reason.
  virtual void Load(const std::string& name, const std::string& version, Done done) = 0;

  // Takes a version out of service, and out of the policy's choice, until Load(). An empty version
  // means all versions of the model. If the policy has another version to replace the current one,
  // that one is loaded first. `done` is called when no new request gets the version. Does not
  // block. NOT_FOUND: no such version. FAILED_PRECONDITION: it is not loaded.
  virtual void Unload(const std::string& name, const std::string& version, Done done) = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_CATALOG_H_
