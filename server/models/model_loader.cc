#include "server/models/model_loader.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace nemf {
namespace {

absl::Status InOneLine(const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrReplaceAll(status.message(), {{"\r", ""}, {"\n", " "}}));
}

}  // namespace

absl::StatusOr<LoadedModel> LoadVersion(const std::string& name, const FoundVersion& version,
                                        const EngineOptions& options, const ModelLoader& loader) {
  absl::StatusOr<LoadedModel> model = loader(version.directory, options);
  if (!model.ok()) return InOneLine(model.status());
  const std::string number = absl::StrCat(version.number);
  if (model->info.name != name || model->info.version != number) {
    return absl::FailedPreconditionError(
        absl::StrCat("model.json says \"", model->info.name, "\" version \"", model->info.version,
                     "\", its place says \"", name, "\" version \"", number, "\""));
  }
  return model;
}

}  // namespace nemf
