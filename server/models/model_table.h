#ifndef NEMF_SERVER_MODELS_MODEL_TABLE_H_
#define NEMF_SERVER_MODELS_MODEL_TABLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_catalog.h"
#include "server/models/model_scan.h"
#include "server/models/model_versions.h"
#include "server/models/served_version.h"

namespace nemf {

// The versions that answer requests at one moment. Immutable once it is published.
struct ServingSnapshot {
  struct Model {
    std::shared_ptr<ServedVersion> current;  // answers requests that name no version; not null
    std::vector<std::shared_ptr<ServedVersion>> all;  // the newest first, with `current`
  };

  std::map<std::string, Model, std::less<>> models;
  std::string default_model;  // answers requests that name no model

  // Returns the model `name` (empty: the default) in version `version` (empty: the current one).
  // NOT_FOUND lists what is served.
  absl::StatusOr<std::shared_ptr<ServedVersion>> Find(absl::string_view name,
                                                      absl::string_view version) const;

  // Such as: "a" version "3", "b" version "1"; or "no model".
  std::string ToString() const;
};

// The models of a repository: which versions exist, what is loaded and the memory that is reserved
// for it. Each function is one atomic change or query, and publishes a new snapshot if the ready
// versions change. Thread-safe; only OnDestroyed() and const functions may be called by a second
// thread at the same time.
class ModelTable {
 public:
  using Retired = std::vector<std::shared_ptr<ServedVersion>>;

  // See ModelRepositoryOptions.
  ModelTable(const std::map<std::string, std::int64_t>& pinned_versions, std::int64_t memory_bytes);

  // Takes over the result of a scan.
  void Update(const std::vector<FoundModel>& found);
  // Sets the default model; empty: the first by name that is served. NOT_FOUND if it is not served.
  absl::Status SetDefault(const std::string& name);

  std::vector<std::string> Names() const;
  std::vector<ModelStatus> List() const;                          // as ModelCatalog::List()
  absl::StatusOr<ModelStatus> Get(absl::string_view name) const;  // as ModelCatalog::Get()
  std::shared_ptr<const ServingSnapshot> snapshot() const;

  // Loading. The model must exist, as must a version that is given by its number.
  std::optional<std::int64_t> NextToLoad(const std::string& name,
                                         const std::set<std::int64_t>& tried) const;
  // Returns VersionStatus::reason.
  std::string ReasonOf(const std::string& name, std::int64_t number) const;
  // Reserves the memory of a version that is on disk; it is kLoading then. RESOURCE_EXHAUSTED: it
  // exceeds the memory limit.
  absl::StatusOr<FoundVersion> BeginLoad(const std::string& name, std::int64_t number);
  // Ends BeginLoad(): gives the memory back, the version is kFailed.
  void FailLoad(const std::string& name, const FoundVersion& found, const absl::Status& reason);
  // Ends BeginLoad(): the version is kReady.
  void FinishLoad(std::int64_t number, std::shared_ptr<ServedVersion> served, absl::Time now,
                  absl::Duration load_time);

  // Retiring. Returns the versions that no new request gets.
  Retired RetireSuperseded(const std::string& name);
  Retired Retire(const std::string& name, const std::string& version);  // empty: all
  Retired RetireAll();
  // A version whose files had `bytes` was destroyed, after it was retired.
  void OnDestroyed(const std::string& name, std::int64_t number, std::int64_t bytes);

  // What an administrator names; an empty version means the policy's first choice in Include(), and
  // the whole model in Exclude().

  // Lets the policy choose the version and returns its number. NOT_FOUND: no such version.
  absl::StatusOr<std::int64_t> Include(const std::string& name, const std::string& version);
  // Keeps the policy from choosing it. NOT_FOUND: no such version. FAILED_PRECONDITION: it is not
  // ready.
  absl::Status Exclude(const std::string& name, const std::string& version);
  bool IsReady(const std::string& name, std::int64_t number) const;
  // Keeps a version from being superseded until Exclude() names it.
  void Keep(const std::string& name, std::int64_t number);

 private:
  ModelStatus StatusOf(const std::string& name, const ModelVersions& model) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  Retired RetireNumbers(ModelVersions* model, const std::vector<std::int64_t>& numbers)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::int64_t memory_bytes_;
  mutable absl::Mutex mutex_;
  std::map<std::string, ModelVersions, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
  std::string default_model_ ABSL_GUARDED_BY(mutex_);
  std::int64_t reserved_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const ServingSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_TABLE_H_
