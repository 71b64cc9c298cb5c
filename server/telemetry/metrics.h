#ifndef NEMF_SERVER_TELEMETRY_METRICS_H_
#define NEMF_SERVER_TELEMETRY_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/scheduling/observer.h"

namespace nemf {

// Values of metric labels and log fields, such as "keypoints" and "queue_full".
const char* ToString(JobKind kind);
const char* ToString(DropReason reason);

// The server's Prometheus metrics. All durations are in seconds. Thread-safe.
//
//   nemf_requests_total{method,code}        finished calls; code is gRPC's, such as "NOT_FOUND"
//   nemf_request_duration_seconds{method}   from arrival to the end of the call
//   nemf_queue_wait_seconds                 from acceptance to the encoder batch
//   nemf_stage_duration_seconds{stage}      encode: a batch; match: a quantum; decode: a pair
//   nemf_encoder_batch_pairs                different pairs in an encoder batch
//   nemf_step_queries                       field evaluations of a quantum
//   nemf_field_queries_total                field evaluations spent
//   nemf_jobs_queued
//   nemf_jobs_active{kind}                  kind: keypoints, flow, field
//   nemf_jobs_dropped_total{reason}         reason: queue_full, client_limit, draining,
//                                           deadline_unreachable, expired_on_entry,
//                                           expired_queued, expired_active, cancelled,
//                                           engine_error
//   nemf_queued_work_seconds                predicted time of accepted and unfinished work
//   nemf_wasted_queries_total               field evaluations of jobs that were not answered
//   nemf_pair_cache_{hits,misses,evictions}_total
//   nemf_pair_cache_bytes
//   nemf_device_memory_bytes{device,kind}   kind: used (by the server), total
//   nemf_model_info{name,version,device}    1 for each served version
//   nemf_model_loads_total{result}          result: ok, failed (broken), refused (memory limit)
//   nemf_log_lines_dropped_total            the reader of the log was too slow, or writing failed
//   nemf_build_info{version,compiler}       1
class Metrics final : public SchedulerObserver {
 public:
  // `version` is the server's, such as "0.1.0".
  explicit Metrics(const std::string& version);
  ~Metrics() override;

  void RecordRequest(const std::string& method, absl::StatusCode code, absl::Duration duration);
  void RecordStage(const std::string& stage, absl::Duration duration);
  void AddModel(const std::string& name, const std::string& version, const std::string& device);
  void RemoveModel(const std::string& name, const std::string& version, const std::string& device);
  // Sets the bytes of a device's memory that the server uses and that the device has.
  void SetDeviceMemory(const std::string& device, std::int64_t used, std::int64_t total);
  void RecordModelLoad(const std::string& result);
  void RecordDroppedLogLines(std::int64_t lines);

  // Returns all metrics in Prometheus' text format.
  std::string Serialize() const;

  void OnEncoderBatch(int pairs, absl::Duration duration) override;
  void OnStep(std::int64_t queries, absl::Duration duration) override;
  void OnQueueWait(absl::Duration wait) override;
  void OnJobDropped(DropReason reason) override;
  void OnQueuedJobs(int change) override;
  void OnActiveJobs(JobKind kind, int change) override;
  void OnQueuedWork(double change) override;
  void OnWastedQueries(std::int64_t queries) override;
  void OnPairCache(const PairCacheChange& change) override;

 private:
  struct Families;  // keeps prometheus-cpp out of this header

  std::unique_ptr<Families> families_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_METRICS_H_
