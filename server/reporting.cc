#include "server/reporting.h"

#include "absl/strings/str_cat.h"
#include "server/engine/load_model.h"

namespace nemf {
namespace {

// A message may quote what a client sent.
constexpr std::size_t kMaxErrorBytes = 1024;

std::string NameOf(const ModelInfo& model) { return absl::StrCat(model.name, "/", model.version); }

void Count(const CallRecord& call, Metrics* metrics) {
  metrics->RecordRequest(call.method, call.status.code(), call.duration);
  if (call.cost.decode_time > absl::ZeroDuration()) {
    metrics->RecordStage("decode", call.cost.decode_time);
  }
}

}  // namespace

CallRecorder RecordCallsTo(Metrics* metrics, Logger* logger) {
  return [metrics, logger](const CallRecord& call) {
    if (metrics != nullptr) Count(call, metrics);
    const JobStatistics& job = call.cost.job;
    logger->Info("request",
                 {{"request_id", call.request_id},
                  {"client", call.client},
                  {"method", call.method},
                  {"code", absl::StatusCodeToString(call.status.code())},
                  {"error", std::string(call.status.message().substr(0, kMaxErrorBytes))},
                  {"model", call.cost.model},
                  {"seconds", absl::ToDoubleSeconds(call.duration)},
                  {"decode_seconds", absl::ToDoubleSeconds(call.cost.decode_time)},
                  {"queue_seconds", absl::ToDoubleSeconds(job.queue_time)},
                  {"encode_seconds", absl::ToDoubleSeconds(job.encode_time)},
                  {"match_seconds", absl::ToDoubleSeconds(job.match_time)},
                  {"field_queries", job.field_queries}});
  };
}

void ModelReporter::OnScanned(int models, int versions) {
  logger_->Debug("models scanned", {{"models", models}, {"versions", versions}});
}

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
    // A device that cannot be asked keeps its last figures.
    if (const auto memory = MeasureMemoryUse(device); memory.ok()) {
      metrics_->SetDeviceMemory(device, memory->used, memory->total);
    }
  }
}

void SchedulerLog::OnAdmission(const AdmissionDecision& decision) {
  // Without a deadline, time_left_seconds is infinite, which JSON writes as null.
  logger_->Debug("admission", {{"kind", ToString(decision.kind)},
                               {"client", decision.client},
                               {"field_queries", decision.queries},
                               {"wait_seconds", decision.wait_seconds},
                               {"own_seconds", decision.own_seconds},
                               {"time_left_seconds", absl::ToDoubleSeconds(decision.time_left)},
                               {"refusal", decision.refusal ? ToString(*decision.refusal) : ""}});
}

void SchedulerLog::OnEncoderBatch(int pairs, absl::Duration duration) {
  logger_->Debug("encoder batch", {{"pairs", pairs}, {"seconds", absl::ToDoubleSeconds(duration)}});
}

void SchedulerLog::OnJobDropped(DropReason reason) {
  logger_->Debug("job dropped", {{"reason", ToString(reason)}});
}

void SchedulerLog::OnPairCache(const PairCacheChange& change) {
  logger_->Debug("pair cache", {{"hits", change.hits},
                                {"misses", change.misses},
                                {"evictions", change.evictions},
                                {"bytes", change.bytes}});
}

}  // namespace nemf
