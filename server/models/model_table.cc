#include "server/models/model_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nemf {
namespace {

// Such as: model "a" version "3"; or model "a" if `version` is empty.
std::string Describe(absl::string_view name, absl::string_view version) {
  const std::string in_version = version.empty() ? "" : absl::StrCat(" version \"", version, "\"");
  return absl::StrCat("model \"", name, "\"", in_version);
}

absl::Status NoSuchVersion(const std::string& name, const std::string& version) {
  return absl::NotFoundError(absl::StrCat("there is no ", Describe(name, version)));
}

}  // namespace

absl::StatusOr<std::shared_ptr<ServedVersion>> ServingSnapshot::Find(
    absl::string_view name, absl::string_view version) const {
  const absl::string_view wanted = name.empty() ? default_model : name;
  if (const auto model = models.find(wanted); model != models.end()) {
    if (version.empty()) return model->second.current;
    for (const std::shared_ptr<ServedVersion>& served : model->second.all) {
      if (served->info().version == version) return served;
    }
  }
  return absl::NotFoundError(
      absl::StrCat(Describe(wanted, version), " is not served; there is ", ToString()));
}

std::string ServingSnapshot::ToString() const {
  std::vector<std::string> served;
  for (const auto& [name, model] : models) {
    for (const std::shared_ptr<ServedVersion>& each : model.all) {
      served.push_back(absl::StrCat("\"", name, "\" version \"", each->info().version, "\""));
    }
  }
  return served.empty() ? "no model" : absl::StrJoin(served, ", ");
}

ModelTable::ModelTable(const std::map<std::string, std::int64_t>& pinned_versions,
                       std::int64_t memory_bytes)
    : memory_bytes_(memory_bytes), snapshot_(std::make_shared<ServingSnapshot>()) {
  for (const auto& [name, version] : pinned_versions) {
    models_.emplace(name, ModelVersions(version));
  }
}

void ModelTable::Update(const std::vector<FoundModel>& found) {
  std::map<std::string, std::vector<FoundVersion>> versions;
  for (const FoundModel& model : found) versions[model.name] = model.versions;
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, unused] : versions) models_.try_emplace(name);
  for (auto& [name, model] : models_) model.Update(versions[name]);
}

absl::Status ModelTable::SetDefault(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  default_model_ = name;
  if (name.empty() && !snapshot_->models.empty()) default_model_ = snapshot_->models.begin()->first;
  Publish();
  if (const auto found = snapshot_->Find("", ""); !found.ok()) {
    return absl::NotFoundError(absl::StrCat("default model: ", found.status().message()));
  }
  return absl::OkStatus();
}

std::vector<std::string> ModelTable::Names() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<std::string> names;
  for (const auto& [name, model] : models_) names.push_back(name);
  return names;
}

std::vector<ModelStatus> ModelTable::List() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<ModelStatus> models;
  for (const auto& [name, model] : models_) {
    if (!model.empty()) models.push_back(StatusOf(name, model));
  }
  return models;
}

absl::StatusOr<ModelStatus> ModelTable::Get(absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = models_.find(name);
  if (found != models_.end() && !found->second.empty()) {
    return StatusOf(found->first, found->second);
  }
  std::vector<std::string> names;
  for (const auto& [each, model] : models_) {
    if (!model.empty()) names.push_back(absl::StrCat("\"", each, "\""));
  }
  return absl::NotFoundError(absl::StrCat("there is no ", Describe(name, ""), "; there is ",
                                          names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

std::shared_ptr<const ServingSnapshot> ModelTable::snapshot() const {
  absl::ReaderMutexLock lock(&mutex_);
  return snapshot_;
}

std::optional<std::int64_t> ModelTable::NextToLoad(const std::string& name,
                                                   const std::set<std::int64_t>& tried) const {
  absl::ReaderMutexLock lock(&mutex_);
  return models_.at(name).NextToLoad(tried);
}

std::string ModelTable::ReasonOf(const std::string& name, std::int64_t number) const {
  absl::ReaderMutexLock lock(&mutex_);
  return models_.at(name).Find(number)->status.reason;
}

absl::StatusOr<FoundVersion> ModelTable::BeginLoad(const std::string& name, std::int64_t number) {
  absl::MutexLock lock(&mutex_);
  VersionRecord& record = *models_.at(name).Find(number);
  VersionStatus& status = record.status;
  const FoundVersion& found = *record.found;
  const std::int64_t room = std::max<std::int64_t>(0, memory_bytes_ - reserved_bytes_);
  if (memory_bytes_ > 0 && found.bytes > room) {
    const absl::Status refusal = absl::ResourceExhaustedError(absl::StrCat(
        Describe(name, status.version), " is predicted to take ", found.bytes,
        " bytes, must be <= ", room, ": ModelRepositoryOptions.memory_bytes = ", memory_bytes_,
        ", of which ", reserved_bytes_, " are taken"));
    if (status.state == VersionState::kFailed) status.state = VersionState::kAvailable;
    status.reason = std::string(refusal.message());
    return refusal;
  }
  reserved_bytes_ += found.bytes;
  status.bytes = found.bytes;
  status.reason.clear();
  status.state = VersionState::kLoading;
  return found;
}

void ModelTable::FailLoad(const std::string& name, const FoundVersion& found,
                          const absl::Status& reason) {
  absl::MutexLock lock(&mutex_);
  reserved_bytes_ -= found.bytes;
  VersionRecord& record = *models_.at(name).Find(found.number);
  record.status.state = VersionState::kFailed;
  record.status.reason = std::string(reason.message());
  record.failed_fingerprint = found.fingerprint;
}

void ModelTable::FinishLoad(std::int64_t number, std::shared_ptr<ServedVersion> served,
                            absl::Time now, absl::Duration load_time) {
  absl::MutexLock lock(&mutex_);
  VersionRecord& record = *models_.at(served->info().name).Find(number);
  record.status.state = VersionState::kReady;
  record.status.info = served->info();
  record.status.device = served->engine().device();
  record.status.loaded_at = now;
  record.status.load_time = load_time;
  record.served = std::move(served);
  Publish();
}

ModelTable::Retired ModelTable::RetireSuperseded(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  ModelVersions& model = models_.at(name);
  return RetireNumbers(&model, model.Superseded());
}

ModelTable::Retired ModelTable::Retire(const std::string& name, const std::string& version) {
  absl::MutexLock lock(&mutex_);
  ModelVersions& model = models_.at(name);
  std::vector<std::int64_t> numbers = model.Ready();
  if (const auto number = ParseVersion(version)) {
    std::erase_if(numbers, [number](std::int64_t ready) { return ready != *number; });
  }
  return RetireNumbers(&model, numbers);
}

ModelTable::Retired ModelTable::RetireAll() {
  absl::MutexLock lock(&mutex_);
  Retired all;
  for (auto& [name, model] : models_) {
    for (auto& served : RetireNumbers(&model, model.Ready())) all.push_back(std::move(served));
  }
  return all;
}

ModelTable::Retired ModelTable::RetireNumbers(ModelVersions* model,
                                              const std::vector<std::int64_t>& numbers) {
  Retired retired;
  for (const std::int64_t number : numbers) retired.push_back(model->Retire(number));
  Publish();
  return retired;
}

void ModelTable::OnDestroyed(const std::string& name, std::int64_t number, std::int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  reserved_bytes_ -= bytes;
  models_.at(name).OnDestroyed(number);
}

absl::StatusOr<std::int64_t> ModelTable::Include(const std::string& name,
                                                 const std::string& version) {
  absl::MutexLock lock(&mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return NoSuchVersion(name, version);
  const std::optional<std::int64_t> number =
      version.empty() ? model->second.FirstChoice() : ParseVersion(version);
  VersionRecord* const record = number ? model->second.Find(*number) : nullptr;
  if (record == nullptr || (record->served == nullptr && !record->found)) {
    return NoSuchVersion(name, version);
  }
  model->second.set_excluded(false);
  record->excluded = false;
  return *number;
}

absl::Status ModelTable::Exclude(const std::string& name, const std::string& version) {
  const absl::Status not_loaded =
      absl::FailedPreconditionError(absl::StrCat(Describe(name, version), " is not loaded"));
  absl::MutexLock lock(&mutex_);
  const auto model = models_.find(name);
  if (model == models_.end() || model->second.empty()) return NoSuchVersion(name, version);
  if (version.empty()) {
    if (model->second.Ready().empty()) return not_loaded;
    model->second.set_excluded(true);
    return absl::OkStatus();
  }
  const std::optional<std::int64_t> number = ParseVersion(version);
  VersionRecord* const record = number ? model->second.Find(*number) : nullptr;
  if (record == nullptr) return NoSuchVersion(name, version);
  if (record->served == nullptr) return not_loaded;
  record->excluded = true;
  record->kept = false;
  return absl::OkStatus();
}

bool ModelTable::IsReady(const std::string& name, std::int64_t number) const {
  absl::ReaderMutexLock lock(&mutex_);
  return models_.at(name).Find(number)->served != nullptr;
}

void ModelTable::Keep(const std::string& name, std::int64_t number) {
  absl::MutexLock lock(&mutex_);
  models_.at(name).Find(number)->kept = true;
}

ModelStatus ModelTable::StatusOf(const std::string& name, const ModelVersions& model) const {
  ModelStatus status = model.Status(name);
  status.is_default = name == default_model_;
  return status;
}

void ModelTable::Publish() {
  auto next = std::make_shared<ServingSnapshot>();
  next->default_model = default_model_;
  for (const auto& [name, model] : models_) {
    const std::optional<std::int64_t> current = model.Current();
    if (!current) continue;
    ServingSnapshot::Model& served = next->models[name];
    served.current = model.Find(*current)->served;
    for (const std::int64_t number : model.Ready()) {
      served.all.push_back(model.Find(number)->served);
    }
  }
  snapshot_ = std::move(next);
}

}  // namespace nemf
