#include "server/model_reporter.h"

#include "absl/strings/str_cat.h"
#include "server/engine/memory_use.h"

namespace nemf {
namespace {

std::string NameOf(const ModelInfo& model) { return absl::StrCat(model.name, "/", model.version); }

}  // namespace

void ModelReporter::OnLoaded(const ModelInfo& model, const std::string& device,
                             absl::Duration duration) {
  {
    absl::MutexLock lock(&mutex_);
    devices_.insert(device);
  }
  metrics_->RecordModelLoad("ok");
  metrics_->AddModel(model.name, model.version, device);
  logger_->Info("model loaded", {{"model", NameOf(model)},
                                 {"device", device},
                                 {"directory", model.directory},
                                 {"seconds", absl::ToDoubleSeconds(duration)}});
}

void ModelReporter::OnLoadFailed(const std::string& name, const std::string& version,
                                 const absl::Status& reason) {
  metrics_->RecordModelLoad(absl::IsResourceExhausted(reason) ? "refused" : "failed");
  logger_->Warning("model not loaded", {{"model", absl::StrCat(name, "/", version)},
                                        {"reason", std::string(reason.message())}});
}

void ModelReporter::OnRetired(const ModelInfo& model, const std::string& device) {
  metrics_->RemoveModel(model.name, model.version, device);
  logger_->Info("model retired", {{"model", NameOf(model)}});
}

void ModelReporter::OnUnloaded(const ModelInfo& model) {
  logger_->Info("model unloaded", {{"model", NameOf(model)}});
}

void ModelReporter::OnProblem(const std::string& problem) {
  logger_->Warning("model not served", {{"problem", problem}});
}

void ModelReporter::ReportDeviceMemory() {
  absl::MutexLock lock(&mutex_);
  for (const std::string& device : devices_) {
    // A device that does not say keeps its last figures.
    if (const auto memory = MeasureMemoryUse(device); memory.ok()) {
      metrics_->SetDeviceMemory(device, memory->used, memory->total);
    }
  }
}

}  // namespace nemf
