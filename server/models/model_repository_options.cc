#include "server/models/model_repository_options.h"

#include "absl/strings/str_cat.h"

namespace nemf {

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

}  // namespace nemf
