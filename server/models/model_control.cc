// The administration of the repository: status, loading and unloading.

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/models/model_repository.h"

namespace nemf {
namespace {

absl::Status NoSuchVersion(const std::string& name, const std::string& version) {
  const std::string in_version = version.empty() ? "" : absl::StrCat(" version \"", version, "\"");
  return absl::NotFoundError(absl::StrCat("there is no model \"", name, "\"", in_version));
}

absl::Status NotLoaded(const std::string& name, const std::string& version) {
  const std::string in_version = version.empty() ? "" : absl::StrCat(" version \"", version, "\"");
  return absl::FailedPreconditionError(
      absl::StrCat("model \"", name, "\"", in_version, " is not loaded"));
}

// Returns the error for a named version that does not load.
absl::Status CannotLoad(const std::string& name, std::int64_t number, const absl::Status& reason) {
  if (absl::IsResourceExhausted(reason)) return reason;
  return absl::FailedPreconditionError(absl::StrCat("model \"", name, "\" version \"", number,
                                                    "\" cannot be loaded: ", reason.message()));
}

}  // namespace

std::vector<ModelStatus> ModelRepository::List() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<ModelStatus> models;
  for (const auto& [name, model] : models_) {
    if (model.empty()) continue;
    models.push_back(StatusOf(name, model));
  }
  return models;
}

absl::StatusOr<ModelStatus> ModelRepository::Get(absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = models_.find(name);
  if (found != models_.end() && !found->second.empty()) {
    return StatusOf(found->first, found->second);
  }
  std::vector<std::string> names;
  for (const auto& [each, model] : models_) {
    if (!model.empty()) names.push_back(absl::StrCat("\"", each, "\""));
  }
  return absl::NotFoundError(absl::StrCat("there is no model \"", name, "\"; there is ",
                                          names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

ModelStatus ModelRepository::StatusOf(const std::string& name, const ModelVersions& model) const {
  ModelStatus status = model.Status(name);
  status.is_default = name == default_model_;
  return status;
}

void ModelRepository::Load(const std::string& name, const std::string& version, Done done) {
  thread_->Run([this, name, version, done = std::move(done)] { done(LoadNow(name, version)); });
}

void ModelRepository::Unload(const std::string& name, const std::string& version, Done done) {
  thread_->Run([this, name, version, done = std::move(done)] { done(UnloadNow(name, version)); });
}

absl::StatusOr<ModelStatus> ModelRepository::LoadNow(const std::string& name,
                                                     const std::string& version) {
  if (absl::Status status = Scan(); !status.ok()) return status;
  std::optional<std::int64_t> number;
  bool ready = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto model = models_.find(name);
    if (model == models_.end()) return NoSuchVersion(name, version);
    number = version.empty() ? model->second.Wanted() : ParseVersion(version);
    VersionRecord* const record = number ? model->second.Find(*number) : nullptr;
    ready = record != nullptr && record->serving != nullptr;
    if (!ready && (record == nullptr || !record->found)) return NoSuchVersion(name, version);
    model->second.set_left_out(false);
    record->left_out = false;
  }
  if (!ready) {
    if (absl::Status status = LoadOne(name, *number); !status.ok()) {
      return CannotLoad(name, *number, status);
    }
  }
  if (!version.empty()) {
    absl::MutexLock lock(&mutex_);
    models_.at(name).Find(*number)->kept = true;
  }
  RetireSuperseded(name);
  return Get(name);
}

absl::StatusOr<ModelStatus> ModelRepository::UnloadNow(const std::string& name,
                                                       const std::string& version) {
  const std::optional<std::int64_t> number = ParseVersion(version);
  {
    absl::MutexLock lock(&mutex_);
    const auto model = models_.find(name);
    if (model == models_.end() || model->second.empty()) return NoSuchVersion(name, version);
    if (version.empty()) {
      if (model->second.Ready().empty()) return NotLoaded(name, version);
      model->second.set_left_out(true);
    } else {
      VersionRecord* const record = number ? model->second.Find(*number) : nullptr;
      if (record == nullptr) return NoSuchVersion(name, version);
      if (record->serving == nullptr) return NotLoaded(name, version);
      record->left_out = true;
      record->kept = false;
    }
  }
  if (!version.empty()) ApplyPolicy(name);  // Its successor first, so that there is no gap.
  std::vector<std::shared_ptr<ServedVersion>> retired;
  {
    absl::MutexLock lock(&mutex_);
    ModelVersions& model = models_.at(name);
    for (const std::int64_t ready : model.Ready()) {
      if (version.empty() || ready == *number) retired.push_back(model.Retire(ready));
    }
    Publish();
  }
  NotifyRetired(retired);
  return Get(name);
}

}  // namespace nemf
