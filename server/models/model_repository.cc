#include "server/models/model_repository.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"

namespace nemf {
namespace {

std::string ToString(const std::string& name, const std::string& version) {
  return absl::StrCat("model \"", name, "\" version \"", version, "\"");
}

}  // namespace

ModelRepository::ModelRepository(const ModelRepositoryOptions& options, ModelLoader loader,
                                 Clock* clock, SchedulerObserver* observer)
    : options_(options),
      loader_(std::move(loader)),
      clock_(clock),
      scheduler_observer_(observer),
      map_(std::make_shared<ServingSnapshot>()) {
  for (const auto& [name, version] : options.pinned_versions) {
    models_.emplace(name, ModelVersions(version));
  }
}

absl::StatusOr<std::unique_ptr<ModelRepository>> ModelRepository::Open(
    const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
    SchedulerObserver* observer) {
  std::unique_ptr<ModelRepository> repository(
      new ModelRepository(options, std::move(loader), clock, observer));
  if (absl::Status status = repository->Scan(); !status.ok()) return status;
  repository->ApplyToAll();
  if (absl::Status status = repository->ChooseDefault(); !status.ok()) return status;
  const bool polls = options.poll_interval > absl::ZeroDuration();
  repository->thread_ = std::make_unique<SerialExecutor>(
      polls ? options.poll_interval : absl::InfiniteDuration(), [self = repository.get()] {
        if (self->Scan().ok()) self->ApplyToAll();
      });
  return repository;
}

ModelRepository::~ModelRepository() {
  thread_ = nullptr;
  std::vector<std::shared_ptr<ServedVersion>> retired;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [name, model] : models_) {
      for (const std::int64_t number : model.Ready()) retired.push_back(model.Retire(number));
    }
    Publish();
  }
  NotifyRetired(retired);
}

absl::Status ModelRepository::ChooseDefault() {
  if (serving_snapshot()->models.empty()) return NothingToServe();
  absl::MutexLock lock(&mutex_);
  default_model_ = options_.default_model;
  if (default_model_.empty()) default_model_ = serving_snapshot()->models.begin()->first;
  Publish();
  if (const auto found = serving_snapshot()->Find("", ""); !found.ok()) {
    return absl::NotFoundError(absl::StrCat("default model: ", found.status().message()));
  }
  return absl::OkStatus();
}

absl::Status ModelRepository::NothingToServe() const {
  std::vector<std::string> reasons(problems_.begin(), problems_.end());
  bool nothing_found = true;
  for (const ModelStatus& model : List()) {
    for (const VersionStatus& version : model.versions) {
      nothing_found = false;
      reasons.push_back(absl::StrCat(options_.directory, "/", model.name, "/", version.version,
                                     ": ", version.reason));
    }
  }
  std::string error =
      absl::StrCat("no model to serve in ", options_.directory, " (<name>/<version>/model.json)");
  if (!reasons.empty()) absl::StrAppend(&error, ": ", absl::StrJoin(reasons, "; "));
  return nothing_found ? absl::NotFoundError(error) : absl::FailedPreconditionError(error);
}

absl::Status ModelRepository::Scan() {
  const absl::StatusOr<ModelScan> scan = ScanModels(options_.directory);
  if (!scan.ok()) {
    // The directory could not be read: the versions stay as they were.
    ReportProblems({std::string(scan.status().message())});
    return scan.status();
  }
  ReportProblems(scan->problems);
  std::map<std::string, std::vector<FoundVersion>> found;
  for (const FoundModel& model : scan->models) found[model.name] = model.versions;
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, versions] : found) models_.try_emplace(name);
  for (auto& [name, model] : models_) model.Update(found[name]);
  return absl::OkStatus();
}

void ModelRepository::ReportProblems(const std::vector<std::string>& problems) {
  std::vector<Event> events;
  for (const std::string& problem : problems) {
    if (problems_.contains(problem)) continue;
    events.push_back([problem](ModelObserver* observer) { observer->OnProblem(problem); });
  }
  problems_ = {problems.begin(), problems.end()};
  Notify(events);
}

void ModelRepository::ApplyToAll() {
  std::vector<std::string> names;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, model] : models_) names.push_back(name);
  }
  for (const std::string& name : names) ApplyPolicy(name);
}

void ModelRepository::ApplyPolicy(const std::string& name) {
  std::set<std::int64_t> tried;
  const auto next = [&] {
    absl::MutexLock lock(&mutex_);
    return models_.at(name).NextToLoad(tried);
  };
  for (auto number = next(); number; number = next()) {
    tried.insert(*number);
    if (LoadOne(name, *number).ok()) break;
  }
  RetireSuperseded(name);
}

void ModelRepository::RetireSuperseded(const std::string& name) {
  std::vector<std::shared_ptr<ServedVersion>> retired;
  {
    absl::MutexLock lock(&mutex_);
    ModelVersions& model = models_.at(name);
    for (const std::int64_t number : model.Superseded()) {
      retired.push_back(model.Retire(number));
    }
    Publish();
  }
  NotifyRetired(retired);
}

absl::Status ModelRepository::LoadOne(const std::string& name, std::int64_t number) {
  FoundVersion found;
  if (absl::Status status = Reserve(name, number, &found); !status.ok()) return status;
  const absl::Time start = clock_->Now();
  absl::StatusOr<LoadedModel> model = LoadVersion(name, found, options_.engine, loader_);
  if (!model.ok()) {
    Refuse(name, found, model.status());
    return model.status();
  }
  Serve(found, clock_->Now() - start, *std::move(model));
  return absl::OkStatus();
}

absl::Status ModelRepository::Reserve(const std::string& name, std::int64_t number,
                                      FoundVersion* found) {
  absl::Status refusal;
  {
    absl::MutexLock lock(&mutex_);
    VersionRecord& record = *models_.at(name).Find(number);
    VersionStatus& status = record.status;
    *found = *record.found;
    const std::int64_t room = std::max<std::int64_t>(0, options_.memory_bytes - taken_bytes_);
    if (options_.memory_bytes == 0 || found->bytes <= room) {
      taken_bytes_ += found->bytes;
      status.bytes = found->bytes;
      status.reason.clear();
      status.state = VersionState::kLoading;
      return absl::OkStatus();
    }
    refusal = absl::ResourceExhaustedError(
        absl::StrCat(ToString(name, status.version), " is predicted to take ", found->bytes,
                     " bytes, must be <= ", room, ": ModelRepositoryOptions.memory_bytes = ",
                     options_.memory_bytes, ", of which ", taken_bytes_, " are taken"));
    if (status.state == VersionState::kFailed) status.state = VersionState::kAvailable;
    if (status.reason == refusal.message()) return refusal;  // The poller has reported it.
    status.reason = std::string(refusal.message());
  }
  NotifyFailure(name, absl::StrCat(number), refusal);
  return refusal;
}

void ModelRepository::Refuse(const std::string& name, const FoundVersion& found,
                             const absl::Status& reason) {
  {
    absl::MutexLock lock(&mutex_);
    taken_bytes_ -= found.bytes;
    VersionRecord& record = *models_.at(name).Find(found.number);
    record.status.state = VersionState::kFailed;
    record.status.reason = std::string(reason.message());
    record.failed_fingerprint = found.fingerprint;
  }
  NotifyFailure(name, absl::StrCat(found.number), reason);
}

void ModelRepository::Serve(const FoundVersion& found, absl::Duration load_time,
                            LoadedModel loaded) {
  const ModelInfo info = loaded.info;
  const std::string device = loaded.engine->device();
  auto serving = deleter_.Share(
      std::make_unique<ServedVersion>(std::move(loaded), clock_, options_.scheduler,
                                      scheduler_observer_),
      [this, info, number = found.number, bytes = found.bytes] { OnGone(info, number, bytes); });
  {
    absl::MutexLock lock(&mutex_);
    VersionRecord& record = *models_.at(info.name).Find(found.number);
    record.serving = std::move(serving);
    record.status.state = VersionState::kReady;
    record.status.info = info;
    record.status.device = device;
    record.status.loaded_at = clock_->Now();
    record.status.load_time = load_time;
    Publish();
  }
  Notify({[=](ModelObserver* observer) { observer->OnLoaded(info, device, load_time); }});
}

void ModelRepository::NotifyRetired(const std::vector<std::shared_ptr<ServedVersion>>& servings) {
  std::vector<Event> events;
  for (const std::shared_ptr<ServedVersion>& serving : servings) {
    events.push_back([info = serving->info(), device = serving->engine().device()](
                         ModelObserver* observer) { observer->OnRetired(info, device); });
  }
  Notify(events);
}

void ModelRepository::Publish() {
  auto next = std::make_shared<ServingSnapshot>();
  next->default_model = default_model_;
  for (auto& [name, model] : models_) {
    const std::optional<std::int64_t> current = model.Current();
    if (!current) continue;
    ServingSnapshot::Model& served = next->models[name];
    served.current = model.Find(*current)->serving;
    for (const std::int64_t number : model.Ready()) {
      served.all.push_back(model.Find(number)->serving);
    }
  }
  absl::MutexLock lock(&map_mutex_);
  map_ = std::move(next);
}

void ModelRepository::OnGone(const ModelInfo& info, std::int64_t number, std::int64_t bytes) {
  {
    absl::MutexLock lock(&mutex_);
    taken_bytes_ -= bytes;
    models_.at(info.name).OnGone(number);
  }
  Notify({[info](ModelObserver* observer) { observer->OnUnloaded(info); }});
}

absl::StatusOr<std::shared_ptr<ServedVersion>> ModelRepository::Find(
    absl::string_view name, absl::string_view version) const {
  return serving_snapshot()->Find(name, version);
}

void ModelRepository::Poll() {
  absl::Notification done;
  thread_->Run([this, &done] {
    if (Scan().ok()) ApplyToAll();
    done.Notify();
  });
  done.WaitForNotification();
}

void ModelRepository::Drain() {
  for (const auto& [name, model] : serving_snapshot()->models) {
    for (const std::shared_ptr<ServedVersion>& serving : model.all) serving->scheduler().Drain();
  }
}

void ModelRepository::Observe(ModelObserver* observer) {
  for (;;) {
    std::vector<Event> events;
    {
      absl::MutexLock lock(&observer_mutex_);
      events.swap(unheard_);
      if (events.empty()) observer_ = observer;
    }
    if (events.empty()) return;
    for (const Event& event : events) event(observer);
  }
}

void ModelRepository::Notify(const std::vector<Event>& events) {
  ModelObserver* observer = nullptr;
  {
    absl::MutexLock lock(&observer_mutex_);
    observer = observer_;
    if (observer == nullptr) unheard_.insert(unheard_.end(), events.begin(), events.end());
  }
  if (observer == nullptr) return;
  for (const Event& event : events) event(observer);
}

void ModelRepository::NotifyFailure(const std::string& name, const std::string& version,
                                    const absl::Status& reason) {
  Notify({[=](ModelObserver* observer) { observer->OnLoadFailed(name, version, reason); }});
}

std::shared_ptr<const ServingSnapshot> ModelRepository::serving_snapshot() const {
  absl::MutexLock lock(&map_mutex_);
  return map_;
}

}  // namespace nemf
