#ifndef NEMF_SERVER_MODEL_REPORTER_H_
#define NEMF_SERVER_MODEL_REPORTER_H_

#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_observer.h"
#include "server/telemetry/logger.h"
#include "server/telemetry/metrics.h"

namespace nemf {

// Writes what becomes of models into the log and the metrics. Safe from any thread.
class ModelReporter final : public ModelObserver {
 public:
  // Both outlive the reporter.
  ModelReporter(Metrics* metrics, Logger* logger) : metrics_(metrics), logger_(logger) {}

  void OnLoaded(const ModelInfo& model, const std::string& device,
                absl::Duration duration) override;
  void OnLoadFailed(const std::string& name, const std::string& version,
                    const absl::Status& reason) override;
  void OnRetired(const ModelInfo& model, const std::string& device) override;
  void OnUnloaded(const ModelInfo& model) override;
  void OnProblem(const std::string& problem) override;

  // Brings the metrics of the memory of the models' devices up to date.
  void ReportDeviceMemory();

 private:
  Metrics* const metrics_;
  Logger* const logger_;
  absl::Mutex mutex_;
  std::set<std::string> devices_ ABSL_GUARDED_BY(mutex_);  // that models were loaded on
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODEL_REPORTER_H_
