#ifndef NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_
#define NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/base/serial_executor.h"
#include "server/models/model_catalog.h"
#include "server/models/model_repository_options.h"
#include "server/models/model_table.h"
#include "server/models/served_version.h"
#include "server/scheduling/observer.h"

namespace nemf {

// Makes the bundle in a directory ready to serve. The server's verifies digests, contract and field
// (LoadModel()) and runs the model once (RunSmokeTest()); tests load fake engines.
using ModelLoader =
    std::function<absl::StatusOr<LoadedModel>(const std::string& directory, const EngineOptions&)>;

// Serves the models of a directory and follows its changes. One thread scans the directory and
// loads new versions, one at a time, beside the ready ones. When a version is ready it replaces the
// old one: new requests get the new version, and the old one is destroyed when its last request has
// ended. model_versions.h has the policy.
//
// A version exists once its directory holds model.json. If its files do not load, perhaps because
// they are still being copied, it is tried again when they change. The files of a loaded version
// are not read again. If its directory disappears, it stays until another version replaces it.
// Thread-safe.
class ModelRepository final : public ModelCatalog {
 public:
  // Scans the directory, loads the versions that the policy chooses and starts to poll. If a
  // version does not load, the next older one is loaded. Clock and observers (may be null) outlive
  // the repository. Requires options.Validate().ok(). Errors have one line:
  //   NOT_FOUND            there is no model or no default model, or ScanModels() reports it
  //   UNAVAILABLE          the directory cannot be read
  //   FAILED_PRECONDITION  no model loads; lists all reasons
  static absl::StatusOr<std::unique_ptr<ModelRepository>> Open(
      const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
      SchedulerObserver* scheduler_observer = nullptr, ModelObserver* model_observer = nullptr);

  // Blocks until all jobs are answered and no caller of Find() holds a version.
  ~ModelRepository() override;

  // Returns a version that is ready now, see ServingSnapshot::Find(). Never waits for a load.
  absl::StatusOr<std::shared_ptr<ServedVersion>> Find(absl::string_view name,
                                                      absl::string_view version) const {
    return table_.snapshot()->Find(name, version);
  }

  // Scans for new versions as the poller does. Blocks until they are ready or have failed.
  void Poll();

  // Stops accepting jobs on all models and blocks until every accepted job is answered.
  void Drain();

  std::vector<ModelStatus> List() const override { return table_.List(); }
  absl::StatusOr<ModelStatus> Get(absl::string_view name) const override {
    return table_.Get(name);
  }
  void Load(const std::string& name, const std::string& version, Done done) override;
  void Unload(const std::string& name, const std::string& version, Done done) override;

 private:
  ModelRepository(const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
                  SchedulerObserver* scheduler_observer, ModelObserver* model_observer);

  // The following run on the repository's thread, and in Open() before that is started.

  absl::Status Scan();
  void ReportProblems(const std::vector<std::string>& problems);
  void ScanAndApplyPolicy();
  void ApplyPolicyToAll();
  void ApplyPolicy(const std::string& name);
  absl::StatusOr<ModelStatus> LoadNow(const std::string& name, const std::string& version);
  absl::StatusOr<ModelStatus> UnloadNow(const std::string& name, const std::string& version);
  absl::Status LoadVersion(const std::string& name, std::int64_t number);
  // Loads a bundle and checks that its manifest names the same model and version as its directory.
  absl::StatusOr<LoadedModel> LoadBundle(const std::string& name, const FoundVersion& found) const;
  std::shared_ptr<ServedVersion> Serve(LoadedModel model, const FoundVersion& found);
  absl::Status NothingToServe() const;

  // Reports versions that were retired. The caller holds them meanwhile, so that OnUnloaded() comes
  // after OnRetired().
  void ReportRetired(const ModelTable::Retired& versions);

  const ModelRepositoryOptions options_;
  const ModelLoader loader_;
  Clock* const clock_;
  SchedulerObserver* const scheduler_observer_;  // may be null
  ModelObserver* const observer_;
  std::set<std::string> problems_;  // of the last scan; used by the repository's thread alone
  ModelTable table_;
  DeferredDeleter deleter_;                 // uses observer and table until it is destroyed
  std::unique_ptr<SerialExecutor> thread_;  // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_
