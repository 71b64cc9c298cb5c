#include "server/models/model_repository.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/models/model_scan.h"

namespace nemf {
namespace {

std::string OneLine(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\r", ""}, {"\n", " "}});
}

// Loads one version, and checks that the bundle is what its place says.
absl::StatusOr<LoadedModel> LoadVersion(const std::string& name, const FoundVersion& version,
                                        const EngineOptions& options, const ModelLoader& loader) {
  absl::StatusOr<LoadedModel> model = loader(version.directory, options);
  if (!model.ok()) return model;
  const std::string number = absl::StrCat(version.number);
  if (model->info.name != name || model->info.version != number) {
    return absl::FailedPreconditionError(
        absl::StrCat("model.json says \"", model->info.name, "\" version \"", model->info.version,
                     "\", its place says \"", name, "\" version \"", number, "\""));
  }
  return model;
}

// The newest version that loads; what is wrong with newer ones goes to `problems`.
std::optional<LoadedModel> LoadNewest(const FoundModel& found, const EngineOptions& options,
                                      const ModelLoader& loader,
                                      std::vector<std::string>& problems) {
  for (const FoundVersion& version : found.versions) {
    auto model = LoadVersion(found.name, version, options, loader);
    if (model.ok()) return *std::move(model);
    problems.push_back(absl::StrCat(version.directory, ": ", OneLine(model.status().message())));
  }
  return std::nullopt;
}

absl::Status NothingToServe(const std::string& directory, bool nothing_found,
                            const std::vector<std::string>& problems) {
  std::string error =
      absl::StrCat("no model to serve in ", directory, " (<name>/<version>/model.json)");
  if (!problems.empty()) absl::StrAppend(&error, ": ", absl::StrJoin(problems, "; "));
  return nothing_found ? absl::NotFoundError(error) : absl::FailedPreconditionError(error);
}

}  // namespace

absl::Status ModelRepositoryOptions::Validate() const {
  if (directory.empty()) {
    return absl::InvalidArgumentError(
        "ModelRepositoryOptions.directory is empty, must name a directory");
  }
  return scheduler.Validate();
}

absl::StatusOr<std::unique_ptr<ModelRepository>> ModelRepository::Open(
    const ModelRepositoryOptions& options, const ModelLoader& loader, Clock* clock,
    SchedulerObserver* observer) {
  absl::StatusOr<ModelScan> scan = ScanModels(options.directory);
  if (!scan.ok()) return scan.status();

  std::unique_ptr<ModelRepository> repository(new ModelRepository);
  repository->problems_ = std::move(scan->problems);
  for (const FoundModel& found : scan->models) {
    auto model = LoadNewest(found, options.engine, loader, repository->problems_);
    if (!model) continue;
    repository->servings_.push_back(
        std::make_shared<Serving>(*std::move(model), clock, options.scheduler, observer));
  }
  if (repository->servings_.empty()) {
    return NothingToServe(options.directory, scan->models.empty(), repository->problems_);
  }
  repository->default_ = repository->servings_.front();
  if (!options.default_model.empty()) {
    auto named = repository->Find(options.default_model, "");
    if (!named.ok()) {
      return absl::NotFoundError(absl::StrCat("default model: ", named.status().message()));
    }
    repository->default_ = *std::move(named);
  }
  return repository;
}

absl::StatusOr<std::shared_ptr<Serving>> ModelRepository::Find(absl::string_view name,
                                                               absl::string_view version) const {
  const absl::string_view wanted = name.empty() ? default_->info().name : name;
  const auto found = std::find_if(servings_.begin(), servings_.end(), [&](const auto& serving) {
    return serving->info().name == wanted;
  });
  if (found != servings_.end() && (version.empty() || (*found)->info().version == version)) {
    return *found;
  }
  const std::string in_version = version.empty() ? "" : absl::StrCat(" version \"", version, "\"");
  return absl::NotFoundError(
      absl::StrCat("model \"", wanted, "\"", in_version, " is not served; there is ", Available()));
}

void ModelRepository::Drain() {
  for (const auto& serving : servings_) serving->scheduler().Drain();
}

std::string ModelRepository::Available() const {
  return absl::StrJoin(servings_, ", ", [](std::string* out, const auto& serving) {
    absl::StrAppend(out, "\"", serving->info().name, "\" version \"", serving->info().version,
                    "\"");
  });
}

}  // namespace nemf
