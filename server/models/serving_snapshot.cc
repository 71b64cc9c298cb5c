#include "server/models/serving_snapshot.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nemf {

absl::StatusOr<std::shared_ptr<ServedVersion>> ServingSnapshot::Find(
    absl::string_view name, absl::string_view version) const {
  const absl::string_view wanted = name.empty() ? default_model : name;
  if (const auto model = models.find(wanted); model != models.end()) {
    if (version.empty()) return model->second.current;
    for (const std::shared_ptr<ServedVersion>& serving : model->second.all) {
      if (serving->info().version == version) return serving;
    }
  }
  const std::string in_version = version.empty() ? "" : absl::StrCat(" version \"", version, "\"");
  return absl::NotFoundError(
      absl::StrCat("model \"", wanted, "\"", in_version, " is not served; there is ", ToString()));
}

std::string ServingSnapshot::ToString() const {
  std::vector<std::string> served;
  for (const auto& [name, model] : models) {
    for (const std::shared_ptr<ServedVersion>& serving : model.all) {
      served.push_back(absl::StrCat("\"", name, "\" version \"", serving->info().version, "\""));
    }
  }
  return served.empty() ? "no model" : absl::StrJoin(served, ", ");
}

}  // namespace nemf
