#ifndef NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_
#define NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/base/serial_executor.h"
#include "server/models/deferred_deleter.h"
#include "server/models/model_catalog.h"
#include "server/models/model_loader.h"
#include "server/models/model_observer.h"
#include "server/models/model_repository_options.h"
#include "server/models/model_versions.h"
#include "server/models/serving_snapshot.h"
#include "server/scheduling/observer.h"

namespace nemf {

// The served models, which may change while they are served. One thread of the repository looks for
// new versions, verifies, loads and checks them beside the old ones, one at a time, and then swaps
// them. A request keeps the version that Find() returned until it ends. The old version is
// destroyed after the last request has released it. model_versions.h has the policy.
//
// A version's directory is recognised when it holds model.json. If its files do not load (a copy
// may be in progress), they are tried again when they change. The files of a loaded version are not
// read again; if its directory disappears, the version stays until another one replaces it.
// Thread-safe.
class ModelRepository final : public ModelCatalog {
 public:
  // Scans the directory, loads the versions that the policy chooses, and polls from then on. If a
  // version does not load, the next older one is loaded instead.
  // Errors, each in one line: those of ScanModels(); NOT_FOUND if there is no model, or not the
  // default one; FAILED_PRECONDITION if no version loads, with all reasons.
  // Clock and observer (may be null) outlive the repository. Requires options.Validate().ok().
  static absl::StatusOr<std::unique_ptr<ModelRepository>> Open(
      const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
      SchedulerObserver* observer = nullptr);

  // Blocks until the jobs in flight have ended and every served version was released.
  ~ModelRepository() override;

  // Notifies the observer of the events since Open(), and of all later ones. Must be called at most
  // once; the observer outlives the repository.
  void Observe(ModelObserver* observer);

  // Returns what ServingSnapshot::Find() returns for the versions that are ready now. Does not wait
  // for a load.
  absl::StatusOr<std::shared_ptr<ServedVersion>> Find(absl::string_view name,
                                                      absl::string_view version) const;

  // Looks for new versions now, as the poller does. Blocks until they are served or refused.
  void Poll();

  // Stops accepting on all models. Blocks until every accepted job was answered.
  void Drain();

  std::vector<ModelStatus> List() const override;
  absl::StatusOr<ModelStatus> Get(absl::string_view name) const override;
  void Load(const std::string& name, const std::string& version, Done done) override;
  void Unload(const std::string& name, const std::string& version, Done done) override;

 private:
  using Event = std::function<void(ModelObserver*)>;

  ModelRepository(const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
                  SchedulerObserver* observer);

  // Called only on the repository's thread, and in Open() before it exists.
  absl::Status Scan();
  void ReportProblems(const std::vector<std::string>& problems);
  void ApplyToAll();
  void ApplyPolicy(const std::string& name);
  void RetireSuperseded(const std::string& name);
  absl::StatusOr<ModelStatus> LoadNow(const std::string& name, const std::string& version);
  absl::StatusOr<ModelStatus> UnloadNow(const std::string& name, const std::string& version);
  absl::Status ChooseDefault();
  absl::Status NothingToServe() const;

  // Loads one version that is on disk: Reserve(), then Refuse() or Serve().
  absl::Status LoadOne(const std::string& name, std::int64_t number);
  // Reserves the version's share of the memory budget and writes what is on disk to *found;
  // RESOURCE_EXHAUSTED if the budget is too small.
  absl::Status Reserve(const std::string& name, std::int64_t number, FoundVersion* found);
  void Refuse(const std::string& name, const FoundVersion& found, const absl::Status& reason);
  void Serve(const FoundVersion& found, absl::Duration load_time, LoadedModel loaded);

  // Makes the versions that are ready now visible to requests.
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelStatus StatusOf(const std::string& name, const ModelVersions& model) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  // Called on the deleter's thread.
  void OnGone(const ModelInfo& info, std::int64_t number, std::int64_t bytes);

  void Notify(const std::vector<Event>& events);
  // Callers hold the retired versions until this returns, so that observers get the retirement
  // before the end.
  void NotifyRetired(const std::vector<std::shared_ptr<ServedVersion>>& servings);
  void NotifyFailure(const std::string& name, const std::string& version,
                     const absl::Status& reason);
  std::shared_ptr<const ServingSnapshot> serving_snapshot() const;

  const ModelRepositoryOptions options_;
  const ModelLoader loader_;
  Clock* const clock_;
  SchedulerObserver* const scheduler_observer_;
  std::set<std::string> problems_;  // of the last scan; the thread's

  mutable absl::Mutex mutex_;
  std::map<std::string, ModelVersions, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
  std::string default_model_ ABSL_GUARDED_BY(mutex_);
  std::int64_t taken_bytes_ ABSL_GUARDED_BY(mutex_) = 0;

  // Held for a copy or a swap of the pointer alone; taken after mutex_.
  mutable absl::Mutex map_mutex_;
  std::shared_ptr<const ServingSnapshot> map_ ABSL_GUARDED_BY(map_mutex_);

  absl::Mutex observer_mutex_;
  ModelObserver* observer_ ABSL_GUARDED_BY(observer_mutex_) = nullptr;
  std::vector<Event> unheard_ ABSL_GUARDED_BY(observer_mutex_);  // before there is an observer

  DeferredDeleter deleter_;                 // after what OnGone() touches
  std::unique_ptr<SerialExecutor> thread_;  // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_REPOSITORY_H_
