#ifndef NEMF_SERVER_TELEMETRY_METRICS_H_
#define NEMF_SERVER_TELEMETRY_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/scheduling/observer.h"

namespace nemf {

// The server's Prometheus metrics. All durations are seconds. Safe from any thread.
//
//   nemf_requests_total{method,code}        finished calls; code is gRPC's, as in "NOT_FOUND"
//   nemf_request_duration_seconds{method}   from arrival to the end of the call
//   nemf_queue_wait_seconds                 from Submit() to the encoder pass
//   nemf_stage_duration_seconds{stage}      encode: a pass; match: a chunk; or RecordStage
//   nemf_encoder_batch_pairs                different pairs in an encoder pass
//   nemf_step_queries                       field queries of a chunk
//   nemf_field_queries_total
//   nemf_jobs_queued
//   nemf_jobs_active{kind}                  kind is keypoints, flow or field
//   nemf_jobs_dropped_total{reason}         queue_full, draining, expired_on_entry, expired_queued,
//                                           expired_active, cancelled, engine_error,
//                                           client_limit, deadline_unreachable
//   nemf_queued_work_seconds                predicted time of accepted and unfinished work
//   nemf_wasted_queries_total               field queries of jobs that left before their answer
//   nemf_pair_cache_{hits,misses,evictions}_total
//   nemf_pair_cache_bytes
//   nemf_device_memory_bytes{device,kind}   kind is used (by the server) or total
//   nemf_model_info{name,version,device}    1 for each served version
//   nemf_model_loads_total{result}          ok, failed (broken), refused (memory budget)
//   nemf_build_info{version,compiler}       1
class Metrics final : public SchedulerObserver {
 public:
  // `version`: of the server, as in "0.1.0".
  explicit Metrics(const std::string& version);
  ~Metrics() override;

  void RecordRequest(const std::string& method, absl::StatusCode code, absl::Duration duration);
  void RecordStage(const std::string& stage, absl::Duration duration);
  void AddModel(const std::string& name, const std::string& version, const std::string& device);
  void RemoveModel(const std::string& name, const std::string& version, const std::string& device);
  // Bytes that the server uses of a device's memory, and that the device has.
  void SetDeviceMemory(const std::string& device, std::int64_t used, std::int64_t total);
  void RecordModelLoad(const std::string& result);

  // Everything in Prometheus' text format.
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
  struct Families;  // prometheus-cpp stays out of this header

  std::unique_ptr<Families> families_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_METRICS_H_
