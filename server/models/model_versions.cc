#include "server/models/model_versions.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace nemf {

void ModelVersions::Update(const std::vector<FoundVersion>& found) {
  for (auto& [number, record] : records_) record.found.reset();
  for (const FoundVersion& version : found) {
    VersionRecord& record = records_[version.number];
    record.found = version;
    record.status.version = absl::StrCat(version.number);
    // A loaded version keeps the size that was reserved for it.
    if (record.served == nullptr && record.retiring == 0) record.status.bytes = version.bytes;
  }
  std::erase_if(records_, [this](const auto& entry) { return IsObsolete(entry.second); });
}

std::optional<std::int64_t> ModelVersions::FirstChoice() const {
  if (pinned_) return pinned_;
  for (const auto& [number, record] : records_) {
    if (record.found && !record.excluded) return number;
  }
  return std::nullopt;
}

std::optional<std::int64_t> ModelVersions::NextToLoad(const std::set<std::int64_t>& tried) const {
  for (const auto& [number, record] : records_) {
    if (!Eligible(number, record)) continue;
    if (record.status.state == VersionState::kReady) return std::nullopt;
    const bool failed = record.status.state == VersionState::kFailed &&
                        record.failed_fingerprint == record.found->fingerprint;
    if (!failed && !tried.contains(number)) return number;
  }
  return std::nullopt;
}

std::vector<std::int64_t> ModelVersions::Superseded() const {
  std::optional<std::int64_t> chosen;
  for (const auto& [number, record] : records_) {
    const bool ready = record.status.state == VersionState::kReady;
    if (!chosen && ready && Eligible(number, record)) chosen = number;
  }
  std::vector<std::int64_t> superseded;
  if (!chosen) return superseded;
  for (const std::int64_t number : Ready()) {
    if (number != *chosen && !records_.at(number).kept) superseded.push_back(number);
  }
  return superseded;
}

std::vector<std::int64_t> ModelVersions::Ready() const {
  std::vector<std::int64_t> ready;
  for (const auto& [number, record] : records_) {
    if (record.status.state == VersionState::kReady) ready.push_back(number);
  }
  return ready;
}

std::optional<std::int64_t> ModelVersions::Current() const {
  const std::vector<std::int64_t> ready = Ready();
  if (ready.empty()) return std::nullopt;
  for (const std::int64_t number : ready) {
    if (number == pinned_) return number;
  }
  return ready.front();
}

const VersionRecord* ModelVersions::Find(std::int64_t number) const {
  const auto found = records_.find(number);
  return found == records_.end() ? nullptr : &found->second;
}

VersionRecord* ModelVersions::Find(std::int64_t number) {
  return const_cast<VersionRecord*>(std::as_const(*this).Find(number));
}

std::shared_ptr<ServedVersion> ModelVersions::Retire(std::int64_t number) {
  VersionRecord& record = records_.at(number);
  record.status.state = VersionState::kRetiring;
  record.kept = false;
  ++record.retiring;
  return std::exchange(record.served, nullptr);
}

void ModelVersions::OnDestroyed(std::int64_t number) {
  VersionRecord& record = records_.at(number);
  --record.retiring;
  if (record.status.state != VersionState::kRetiring || record.retiring > 0) return;
  record.status.state = VersionState::kAvailable;
  if (record.found) {
    record.status.bytes = record.found->bytes;
  } else {
    records_.erase(number);
  }
}

ModelStatus ModelVersions::Status(const std::string& name) const {
  ModelStatus status;
  status.name = name;
  if (const auto current = Current()) status.current_version = absl::StrCat(*current);
  if (pinned_) status.pinned_version = absl::StrCat(*pinned_);
  for (const auto& [number, record] : records_) status.versions.push_back(record.status);
  return status;
}

bool ModelVersions::Eligible(std::int64_t number, const VersionRecord& record) const {
  const bool allowed = !excluded_ && !record.excluded && (!pinned_ || number == *pinned_);
  return allowed && record.found.has_value();
}

bool ModelVersions::IsObsolete(const VersionRecord& record) const {
  return !record.found && record.served == nullptr && record.retiring == 0 &&
         record.status.state != VersionState::kLoading;
}

}  // namespace nemf
