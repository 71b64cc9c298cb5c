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

// The models that are served, which change while they are. One thread of the repository's own looks
// for new versions, loads, verifies and warms them beside the old ones, one at a time, and then
// swaps: a request gets the version that Find() gave it, to its end, and the old serving is
// destroyed once the last request lets go of it. model_versions.h has the policy.
//
// A version directory counts as there once it holds model.json; one whose files do not load (a copy
// may be going on) is tried again when they change. Files of a loaded version are not looked at
// again, and it stays when its directory goes, until there is another version to replace it.
// Safe from any thread.
class ModelRepository final : public ModelCatalog {
 public:
  // Scans the directory and loads what the policy chooses; polls from then on. A version that does
  // not load leaves the place to the next older one.
  // Errors, each in one line: those of ScanModels(), NOT_FOUND (no model at all, or not the default
  // one), FAILED_PRECONDITION (nothing loaded, with all reasons).
  // Clock and observer (may be null) outlive the repository. Requires options.Validate().ok().
  static absl::StatusOr<std::unique_ptr<ModelRepository>> Open(
      const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
      SchedulerObserver* observer = nullptr);

  // Waits for the jobs in flight, and for whoever holds a serving to let go of it.
  ~ModelRepository() override;

  // Tells the observer what has happened since Open(), and from then on what happens. To be called
  // once; the observer outlives the repository.
  void Observe(ModelObserver* observer);

  // As ServingSnapshot::Find(), on the versions that are ready now. Cheap: it never waits for a
  // load.
  absl::StatusOr<std::shared_ptr<ServedVersion>> Find(absl::string_view name,
                                                      absl::string_view version) const;

  // Looks for new versions now, as the poller does; returns when they are served or refused.
  void Poll();

  // Stops accepting on all models and returns when every accepted job was answered.
  void Drain();

  std::vector<ModelStatus> List() const override;
  absl::StatusOr<ModelStatus> Get(absl::string_view name) const override;
  void Load(const std::string& name, const std::string& version, Done done) override;
  void Unload(const std::string& name, const std::string& version, Done done) override;

 private:
  using Event = std::function<void(ModelObserver*)>;

  ModelRepository(const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
                  SchedulerObserver* observer);

  // On the repository's thread alone (and in Open(), before there is one).
  absl::Status Scan();
  void ReportProblems(const std::vector<std::string>& problems);
  void ApplyToAll();
  void ApplyPolicy(const std::string& name);
  void RetireSuperseded(const std::string& name);
  absl::StatusOr<ModelStatus> LoadNow(const std::string& name, const std::string& version);
  absl::StatusOr<ModelStatus> UnloadNow(const std::string& name, const std::string& version);
  absl::Status ChooseDefault();
  absl::Status NothingToServe() const;

  // Loads one version that is on disk: Reserve(), then either Refuse() or Serve().
  absl::Status LoadOne(const std::string& name, std::int64_t number);
  // Takes its share of the memory budget and tells what of it is on disk; or RESOURCE_EXHAUSTED.
  absl::Status Reserve(const std::string& name, std::int64_t number, FoundVersion* found);
  void Refuse(const std::string& name, const FoundVersion& found, const absl::Status& reason);
  void Serve(const FoundVersion& found, absl::Duration load_time, LoadedModel loaded);

  // Shows requests what is ready now.
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelStatus StatusOf(const std::string& name, const ModelVersions& model) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  // On the reaper's thread.
  void OnGone(const ModelInfo& info, std::int64_t number, std::int64_t bytes);

  void Tell(const std::vector<Event>& events);
  // Whoever retires servings holds them until they are told, so that nobody hears of a serving's
  // end before its retirement.
  void TellRetired(const std::vector<std::shared_ptr<ServedVersion>>& servings);
  void TellFailure(const std::string& name, const std::string& version, const absl::Status& reason);
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
