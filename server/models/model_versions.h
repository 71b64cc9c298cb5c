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

// One version of a model.
struct VersionRecord {
  VersionStatus status;
  std::optional<FoundVersion> found;      // as of the last scan; nullopt: its directory is gone
  std::string failed_fingerprint;         // FoundVersion::fingerprint of the files that failed
  bool kept = false;                      // Load() named it: not superseded until Unload()
  bool excluded = false;                  // Unload() named it: not chosen until Load()
  std::shared_ptr<ServedVersion> served;  // not null if and only if the state is kReady
  int retiring = 0;                       // retired and not yet destroyed
};

// The versions of one model and the policy: which version to load, which to retire, and which one
// answers requests that name none. It only decides. Not thread-safe.
//
// The policy chooses the newest version on disk that is not excluded (if the model is pinned: only
// the pinned version). If that does not load, it chooses the next older one. A loaded version is
// superseded only when the chosen one is ready, so the old version stays if the new one is broken
// or disappears.
class ModelVersions {
 public:
  explicit ModelVersions(std::optional<std::int64_t> pinned = std::nullopt) : pinned_(pinned) {}

  bool empty() const { return records_.empty(); }

  // Takes over the result of a scan. Removes versions that are neither on disk nor loaded.
  void Update(const std::vector<FoundVersion>& found);

  // Returns the policy's first choice, whatever its state, even if the model is excluded.
  std::optional<std::int64_t> FirstChoice() const;
  // Returns the best version to load now; nullopt if a better one is ready. Skips `tried`, and
  // versions that failed and have not changed since.
  std::optional<std::int64_t> NextToLoad(const std::set<std::int64_t>& tried) const;
  // Returns the ready versions that are superseded by the ready choice of the policy.
  std::vector<std::int64_t> Superseded() const;
  // Returns the ready versions, the newest first.
  std::vector<std::int64_t> Ready() const;
  // Returns the ready version that answers requests that name none: the pinned one if it is ready,
  // otherwise the newest.
  std::optional<std::int64_t> Current() const;

  // Returns null if there is no such version.
  VersionRecord* Find(std::int64_t number);
  const VersionRecord* Find(std::int64_t number) const;
  // Makes a ready version kRetiring and returns what served it.
  std::shared_ptr<ServedVersion> Retire(std::int64_t number);
  // A retired version was destroyed.
  void OnDestroyed(std::int64_t number);

  // Excludes the whole model: nothing is chosen until it is included again.
  void set_excluded(bool excluded) { excluded_ = excluded; }

  // Does not fill in `is_default`.
  ModelStatus Status(const std::string& name) const;

 private:
  // Returns whether the policy may choose the version.
  bool Eligible(std::int64_t number, const VersionRecord& record) const;
  bool IsObsolete(const VersionRecord& record) const;

  std::optional<std::int64_t> pinned_;
  bool excluded_ = false;
  std::map<std::int64_t, VersionRecord, std::greater<>> records_;  // the newest first
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_VERSIONS_H_
