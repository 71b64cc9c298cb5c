#include "server/models/model_repository.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "server/base/status_macros.h"
#include "server/models/model_scan.h"

namespace nemf {
namespace {

ModelObserver* NullObserver() {
  static ModelObserver* const observer = new ModelObserver;
  return observer;
}

absl::Status InOneLine(const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrReplaceAll(status.message(), {{"\r", ""}, {"\n", " "}}));
}

// Returns the error of Load() for a version that does not load.
absl::Status CannotLoad(const std::string& name, std::int64_t number, const absl::Status& reason) {
  if (absl::IsResourceExhausted(reason)) return reason;
  return absl::FailedPreconditionError(absl::StrCat("model \"", name, "\" version \"", number,
                                                    "\" cannot be loaded: ", reason.message()));
}

}  // namespace

absl::Status ModelRepositoryOptions::Validate() const {
  if (directory.empty()) {
    return absl::InvalidArgumentError(
        "ModelRepositoryOptions.directory is empty, must name a directory");
  }
  if (poll_interval < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ModelRepositoryOptions.poll_interval = ", absl::FormatDuration(poll_interval),
                     ", must be >= 0"));
  }
  for (const auto& [name, version] : pinned_versions) {
    if (!name.empty() && version >= 1) continue;
    return absl::InvalidArgumentError(absl::StrCat("ModelRepositoryOptions.pinned_versions[\"",
                                                   name, "\"] = ", version,
                                                   ", must be >= 1, and the name not empty"));
  }
  if (memory_bytes < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("ModelRepositoryOptions.memory_bytes = ", memory_bytes, ", must be >= 0"));
  }
  return scheduler.Validate();
}

ModelRepository::ModelRepository(const ModelRepositoryOptions& options, ModelLoader loader,
                                 Clock* clock, SchedulerObserver* scheduler_observer,
                                 ModelObserver* model_observer)
    : options_(options),
      loader_(std::move(loader)),
      clock_(clock),
      scheduler_observer_(scheduler_observer),
      observer_(model_observer != nullptr ? model_observer : NullObserver()),
      table_(options.pinned_versions, options.memory_bytes) {}

absl::StatusOr<std::unique_ptr<ModelRepository>> ModelRepository::Open(
    const ModelRepositoryOptions& options, ModelLoader loader, Clock* clock,
    SchedulerObserver* scheduler_observer, ModelObserver* model_observer) {
  std::unique_ptr<ModelRepository> repository(
      new ModelRepository(options, std::move(loader), clock, scheduler_observer, model_observer));
  NEMF_RETURN_IF_ERROR(repository->Scan());
  repository->ApplyPolicyToAll();
  if (repository->table_.snapshot()->models.empty()) return repository->NothingToServe();
  NEMF_RETURN_IF_ERROR(repository->table_.SetDefault(options.default_model));
  const bool polls = options.poll_interval > absl::ZeroDuration();
  repository->thread_ =
      std::make_unique<SerialExecutor>(polls ? options.poll_interval : absl::InfiniteDuration(),
                                       [self = repository.get()] { self->ScanAndApplyPolicy(); });
  return repository;
}

ModelRepository::~ModelRepository() {
  thread_ = nullptr;
  ReportRetired(table_.RetireAll());
}

void ModelRepository::Poll() {
  absl::Notification done;
  thread_->Run([this, &done] {
    ScanAndApplyPolicy();
    done.Notify();
  });
  done.WaitForNotification();
}

void ModelRepository::Drain() {
  for (const auto& [name, model] : table_.snapshot()->models) {
    for (const std::shared_ptr<ServedVersion>& served : model.all) served->scheduler().Drain();
  }
}

void ModelRepository::Load(const std::string& name, const std::string& version, Done done) {
  thread_->Run([this, name, version, done = std::move(done)] { done(LoadNow(name, version)); });
}

void ModelRepository::Unload(const std::string& name, const std::string& version, Done done) {
  thread_->Run([this, name, version, done = std::move(done)] { done(UnloadNow(name, version)); });
}

absl::Status ModelRepository::Scan() {
  const absl::StatusOr<ModelScan> scan = ScanModels(options_.directory);
  if (!scan.ok()) {
    // The existing versions stay as they are.
    ReportProblems({std::string(scan.status().message())});
    return scan.status();
  }
  int versions = 0;
  for (const FoundModel& model : scan->models) versions += static_cast<int>(model.versions.size());
  observer_->OnScanned(static_cast<int>(scan->models.size()), versions);
  ReportProblems(scan->problems);
  table_.Update(scan->models);
  return absl::OkStatus();
}

void ModelRepository::ReportProblems(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) {
    if (!problems_.contains(problem)) observer_->OnProblem(problem);
  }
  problems_ = {problems.begin(), problems.end()};
}

void ModelRepository::ScanAndApplyPolicy() {
  if (Scan().ok()) ApplyPolicyToAll();
}

void ModelRepository::ApplyPolicyToAll() {
  for (const std::string& name : table_.Names()) ApplyPolicy(name);
}

void ModelRepository::ApplyPolicy(const std::string& name) {
  std::set<std::int64_t> tried;
  while (const std::optional<std::int64_t> number = table_.NextToLoad(name, tried)) {
    tried.insert(*number);
    if (LoadVersion(name, *number).ok()) break;
  }
  ReportRetired(table_.RetireSuperseded(name));
}

absl::StatusOr<ModelStatus> ModelRepository::LoadNow(const std::string& name,
                                                     const std::string& version) {
  NEMF_RETURN_IF_ERROR(Scan());
  const absl::StatusOr<std::int64_t> number = table_.Include(name, version);
  if (!number.ok()) return number.status();
  if (!table_.IsReady(name, *number)) {
    const absl::Status status = LoadVersion(name, *number);
    if (!status.ok()) return CannotLoad(name, *number, status);
  }
  if (!version.empty()) table_.Keep(name, *number);
  ReportRetired(table_.RetireSuperseded(name));
  return Get(name);
}

absl::StatusOr<ModelStatus> ModelRepository::UnloadNow(const std::string& name,
                                                       const std::string& version) {
  NEMF_RETURN_IF_ERROR(table_.Exclude(name, version));
  // The replacement is loaded first, so that requests find a version at any time.
  if (!version.empty()) ApplyPolicy(name);
  ReportRetired(table_.Retire(name, version));
  return Get(name);
}

absl::Status ModelRepository::LoadVersion(const std::string& name, std::int64_t number) {
  const std::string last_reason = table_.ReasonOf(name, number);
  const absl::StatusOr<FoundVersion> found = table_.BeginLoad(name, number);
  if (!found.ok()) {
    // Each scan tries again; the same refusal is reported once.
    if (found.status().message() != last_reason) {
      observer_->OnLoadFailed(name, absl::StrCat(number), found.status());
    }
    return found.status();
  }
  const absl::Time start = clock_->Now();
  absl::StatusOr<LoadedModel> model = LoadBundle(name, *found);
  if (!model.ok()) {
    table_.FailLoad(name, *found, model.status());
    observer_->OnLoadFailed(name, absl::StrCat(number), model.status());
    return model.status();
  }
  const absl::Time now = clock_->Now();
  const std::shared_ptr<ServedVersion> served = Serve(*std::move(model), *found);
  table_.FinishLoad(number, served, now, now - start);
  observer_->OnLoaded(served->info(), served->engine().device(), now - start);
  return absl::OkStatus();
}

absl::StatusOr<LoadedModel> ModelRepository::LoadBundle(const std::string& name,
                                                        const FoundVersion& found) const {
  absl::StatusOr<LoadedModel> model = loader_(found.directory, options_.engine);
  if (!model.ok()) return InOneLine(model.status());
  const std::string version = absl::StrCat(found.number);
  if (model->info.name == name && model->info.version == version) return model;
  return absl::FailedPreconditionError(
      absl::StrCat("model.json says \"", model->info.name, "\" version \"", model->info.version,
                   "\", its place says \"", name, "\" version \"", version, "\""));
}

std::shared_ptr<ServedVersion> ModelRepository::Serve(LoadedModel model,
                                                      const FoundVersion& found) {
  const auto destroyed = [this, info = model.info, number = found.number, bytes = found.bytes] {
    table_.OnDestroyed(info.name, number, bytes);
    observer_->OnUnloaded(info);
  };
  return deleter_.Share(std::make_unique<ServedVersion>(std::move(model), clock_,
                                                        options_.scheduler, scheduler_observer_),
                        destroyed);
}

absl::Status ModelRepository::NothingToServe() const {
  std::vector<std::string> reasons(problems_.begin(), problems_.end());
  bool found_any = false;
  for (const ModelStatus& model : List()) {
    for (const VersionStatus& version : model.versions) {
      found_any = true;
      reasons.push_back(absl::StrCat(options_.directory, "/", model.name, "/", version.version,
                                     ": ", version.reason));
    }
  }
  std::string error =
      absl::StrCat("no model to serve in ", options_.directory, " (<name>/<version>/model.json)");
  if (!reasons.empty()) absl::StrAppend(&error, ": ", absl::StrJoin(reasons, "; "));
  return found_any ? absl::FailedPreconditionError(error) : absl::NotFoundError(error);
}

void ModelRepository::ReportRetired(const ModelTable::Retired& versions) {
  for (const std::shared_ptr<ServedVersion>& version : versions) {
    observer_->OnRetired(version->info(), version->engine().device());
  }
}

}  // namespace nemf
