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

// Where a version stands. A version that is loaded again may be kLoading while requests still
// finish on its former self.
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
  // One line: why the last try to load it did not succeed. Empty: there was none, or it did.
  std::string reason = {};
  std::int64_t bytes = 0;  // of its files, which is also what it is predicted to take in memory
  // The rest is known of a version once it has been loaded.
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

// What there is and what is served, for whoever administers it. Thread-safe.
class ModelCatalog {
 public:
  virtual ~ModelCatalog() = default;

  // By name.
  virtual std::vector<ModelStatus> List() const = 0;
  // NOT_FOUND names what there is.
  virtual absl::StatusOr<ModelStatus> Get(absl::string_view name) const = 0;

  // Gets the model's status after the change, or why there was none. Called exactly once, on
  // another thread.
  using Done = std::function<void(absl::StatusOr<ModelStatus>)>;

  // Looks at the directory anew and loads a version beside what is served, even one that failed
  // before; done once it is READY, at once where it is already. Neither this nor Unload() blocks.
  // A version that is named stays loaded until Unload(); an empty one means the version that the
  // policy would choose, which then takes the place of the current one.
  // NOT_FOUND: no such version. RESOURCE_EXHAUSTED: it does not fit the memory budget.
  // FAILED_PRECONDITION: its files are broken, with the reason.
  virtual void Load(const std::string& name, const std::string& version, Done done) = 0;

  // Takes a version out of service, and out of the policy's choice, until Load(); an empty version
  // means all of the model's. Where the policy has another version to put in the place of the
  // current one, that is loaded first. Done once no new request gets the version.
  // NOT_FOUND: no such version. FAILED_PRECONDITION: it is not loaded.
  virtual void Unload(const std::string& name, const std::string& version, Done done) = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_CATALOG_H_
