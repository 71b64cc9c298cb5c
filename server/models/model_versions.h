#ifndef NEMF_SERVER_MODELS_MODEL_VERSIONS_H_
#define NEMF_SERVER_MODELS_MODEL_VERSIONS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/models/model_catalog.h"
#include "server/models/model_scan.h"
#include "server/models/served_version.h"

namespace nemf {

// One version as the repository keeps it.
struct VersionRecord {
  VersionStatus status;
  std::optional<FoundVersion> found;       // as last seen on disk; nullopt: no longer there
  std::string failed_fingerprint;          // of the files that did not load
  bool kept = false;                       // Load() named it: it stays until Unload()
  bool left_out = false;                   // Unload() named it: not for the policy, until Load()
  std::shared_ptr<ServedVersion> serving;  // while it is kReady
  int retiring = 0;                        // former instances that still finish requests
};

// The versions of one model and the policy: which to load, which to retire, and which one answers
// requests that name none. It loads and retires nothing itself. Not thread-safe.
//
// The policy chooses the newest version on disk that is not left out (a pinned model: the pinned
// version alone). If that does not load, the next older one replaces it. A loaded version is
// retired only when the chosen one is ready, so a broken or missing version leaves the old one in
// service.
class ModelVersions {
 public:
  explicit ModelVersions(std::optional<std::int64_t> pinned = std::nullopt) : pinned_(pinned) {}

  bool empty() const { return records_.empty(); }

  // Takes over the versions on disk and forgets those that are neither there nor loaded.
  void Update(const std::vector<FoundVersion>& found);

  // Returns the version that the policy chooses, whatever its state and even if Unload() named the
  // whole model.
  std::optional<std::int64_t> Wanted() const;
  // Returns the best version to load now, or nullopt if a better one is ready. Leaves out `tried`
  // and those that failed and have not changed since.
  std::optional<std::int64_t> NextToLoad(const std::set<std::int64_t>& tried) const;
  // Returns the ready versions that are superseded by the policy's choice, which is ready too.
  std::vector<std::int64_t> Superseded() const;
  // Returns the ready versions, the newest first.
  std::vector<std::int64_t> Ready() const;
  // Returns the ready version for requests that name none: the pinned one, otherwise the newest.
  std::optional<std::int64_t> Current() const;

  // Returns null if there is no such version.
  VersionRecord* Find(std::int64_t number);
  // Changes a version from ready to retiring and returns what served it. Requires that it is ready.
  std::shared_ptr<ServedVersion> Retire(std::int64_t number);
  // Notes that one of its former instances was destroyed.
  void OnGone(std::int64_t number);

  // Whether Unload() named the whole model; the policy then chooses nothing until Load().
  void set_left_out(bool left_out) { left_out_ = left_out; }

  // Returns the model's status; `is_default` is not set.
  ModelStatus Status(const std::string& name) const;

 private:
  // Whether the policy may choose it: on disk and not left out.
  bool Eligible(std::int64_t number, const VersionRecord& record) const;
  bool IsGone(const VersionRecord& record) const;

  std::optional<std::int64_t> pinned_;
  bool left_out_ = false;
  std::map<std::int64_t, VersionRecord, std::greater<>> records_;  // the newest first
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_VERSIONS_H_
