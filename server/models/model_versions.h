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
  std::optional<FoundVersion> found;       // as last seen on disk; nothing: its directory is gone
  std::string failed_fingerprint;          // of the files that did not load
  bool kept = false;                       // Load() named it: it stays until Unload()
  bool left_out = false;                   // Unload() named it: not for the policy, until Load()
  std::shared_ptr<ServedVersion> serving;  // while it is kReady
  int retiring = 0;                        // former servings that still finish requests
};

// The versions of one model, and the policy: which of them to load, which to retire, which one
// answers requests that name none. It decides and does nothing itself; not thread-safe.
//
// The policy chooses the newest version on disk that is not left out (a pinned model: the pinned
// version alone). While that does not load, the next older one takes its place. A version that is
// loaded goes only once the chosen one is ready, so a broken or a vanished version leaves the old
// one serving.
class ModelVersions {
 public:
  explicit ModelVersions(std::optional<std::int64_t> pinned = std::nullopt) : pinned_(pinned) {}

  bool empty() const { return records_.empty(); }

  // Takes over what is on disk now, and forgets versions that are neither there nor loaded.
  void Update(const std::vector<FoundVersion>& found);

  // The version that the policy chooses, in whatever state it is and even if Unload() named the
  // whole model.
  std::optional<std::int64_t> Wanted() const;
  // The best version to load now: nothing where a better one is ready. Leaves out `tried`, and
  // those that failed and have not changed since.
  std::optional<std::int64_t> NextToLoad(const std::set<std::int64_t>& tried) const;
  // Ready versions that the policy's choice, ready too, has made superfluous.
  std::vector<std::int64_t> Superseded() const;
  // Ready versions, the newest first.
  std::vector<std::int64_t> Ready() const;
  // The ready version that answers requests that name none: the pinned one, else the newest.
  std::optional<std::int64_t> Current() const;

  // Null where there is no such version.
  VersionRecord* Find(std::int64_t number);
  // Ready -> retiring. Returns what served it. Requires that it is ready.
  std::shared_ptr<ServedVersion> Retire(std::int64_t number);
  // One of its former servings is gone.
  void OnGone(std::int64_t number);

  // Whether Unload() named the whole model: the policy rests until Load().
  void set_left_out(bool left_out) { left_out_ = left_out; }

  // `is_default` is not told here.
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
