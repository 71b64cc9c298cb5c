#ifndef NEMF_SERVER_REPORTING_H_
#define NEMF_SERVER_REPORTING_H_

#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_catalog.h"
#include "server/scheduling/observer.h"
#include "server/service/grpc_server.h"
#include "server/telemetry/logger.h"
#include "server/telemetry/metrics.h"

namespace nemf {

// Returns a recorder that counts each finished call in the metrics (null: it does not) and writes
// its log line. Both outlive the recorder.
CallRecorder RecordCallsTo(Metrics* metrics, Logger* logger);

// Writes the events of models into the log and the metrics. Thread-safe.
class ModelReporter final : public ModelObserver {
 public:
  // Both outlive the reporter.
  ModelReporter(Metrics* metrics, Logger* logger) : metrics_(metrics), logger_(logger) {}

  void OnScanned(int models, int versions) override;
  void OnLoaded(const ModelInfo& model, const std::string& device,
                absl::Duration duration) override;
  void OnLoadFailed(const std::string& name, const std::string& version,
                    const absl::Status& reason) override;
  void OnRetired(const ModelInfo& model, const std::string& device) override;
  void OnUnloaded(const ModelInfo& model) override;
  void OnProblem(const std::string& problem) override;

  // Updates the metrics of the memory of all devices that models were loaded on.
  void ReportDeviceMemory();

 private:
  Metrics* const metrics_;
  Logger* const logger_;
  absl::Mutex mutex_;
  std::set<std::string> devices_ ABSL_GUARDED_BY(mutex_);
};

// Writes the events of schedulers into the log, at level debug. Thread-safe.
class SchedulerLog final : public SchedulerObserver {
 public:
  // The logger outlives this object.
  explicit SchedulerLog(Logger* logger) : logger_(logger) {}

  void OnAdmission(const AdmissionDecision& decision) override;
  void OnEncoderBatch(int pairs, absl::Duration duration) override;
  void OnJobDropped(DropReason reason) override;
  void OnPairCache(const PairCacheChange& change) override;

 private:
  Logger* const logger_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_REPORTING_H_
