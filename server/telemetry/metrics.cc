#include "server/telemetry/metrics.h"

#include <initializer_list>

#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace nemf {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Buckets = Histogram::BucketBoundaries;

// From a quantum on a GPU to a dense flow on a CPU.
const Buckets& DurationBuckets() {
  static const Buckets* const buckets =
      new Buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                  0.5,    1,     2.5,    5,     10,   25,    50,   100, 250};
  return *buckets;
}

const Buckets& PairBuckets() {
  static const Buckets* const buckets = new Buckets{1, 2, 4, 8, 16, 32, 64};
  return *buckets;
}

const Buckets& QueryBuckets() {
  static const Buckets* const buckets =
      new Buckets{64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304};
  return *buckets;
}

Family<Counter>& CounterFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& GaugeFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& HistogramFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

const char* ToString(JobKind kind) {
  switch (kind) {
    case JobKind::kKeypoints:
      return "keypoints";
    case JobKind::kFlow:
      return "flow";
    case JobKind::kField:
      return "field";
  }
  return "unknown";
}

const char* ToString(DropReason reason) {
  switch (reason) {
    case DropReason::kQueueFull:
      return "queue_full";
    case DropReason::kClientLimit:
      return "client_limit";
    case DropReason::kDeadlineUnreachable:
      return "deadline_unreachable";
    case DropReason::kDraining:
      return "draining";
    case DropReason::kExpiredOnEntry:
      return "expired_on_entry";
    case DropReason::kExpiredQueued:
      return "expired_queued";
    case DropReason::kExpiredActive:
      return "expired_active";
    case DropReason::kCancelled:
      return "cancelled";
    case DropReason::kEngineError:
      return "engine_error";
  }
  return "unknown";
}

struct Metrics::Families {
  Registry registry;
  Family<Counter>& requests =
      CounterFamily(registry, "nemf_requests_total", "Finished calls by gRPC status code.");
  Family<Histogram>& request_duration = HistogramFamily(registry, "nemf_request_duration_seconds",
                                                        "From arrival to the end of the call.");
  Histogram& queue_wait = HistogramFamily(registry, "nemf_queue_wait_seconds",
                                          "Time of a job from being accepted to its encoder batch.")
                              .Add({}, DurationBuckets());
  Family<Histogram>& stage_duration =
      HistogramFamily(registry, "nemf_stage_duration_seconds", "Duration of a stage of the work.");
  Histogram& encode_duration = stage_duration.Add({{"stage", "encode"}}, DurationBuckets());
  Histogram& match_duration = stage_duration.Add({{"stage", "match"}}, DurationBuckets());
  Histogram& encoder_batch =
      HistogramFamily(registry, "nemf_encoder_batch_pairs", "Different pairs in an encoder batch.")
          .Add({}, PairBuckets());
  Histogram& step_queries =
      HistogramFamily(registry, "nemf_step_queries", "Field evaluations in a quantum of matching.")
          .Add({}, QueryBuckets());
  Counter& field_queries =
      CounterFamily(registry, "nemf_field_queries_total", "Field evaluations spent.").Add({});
  Gauge& jobs_queued =
      GaugeFamily(registry, "nemf_jobs_queued", "Jobs that wait for their encoder batch.").Add({});
  Family<Gauge>& jobs_active =
      GaugeFamily(registry, "nemf_jobs_active", "Jobs that are being matched.");
  Family<Counter>& jobs_dropped = CounterFamily(registry, "nemf_jobs_dropped_total",
                                                "Jobs that the engine did not answer, by reason.");
  Gauge& queued_work = GaugeFamily(registry, "nemf_queued_work_seconds",
                                   "Predicted time of accepted and unfinished work.")
                           .Add({});
  Counter& wasted_queries =
      CounterFamily(registry, "nemf_wasted_queries_total",
                    "Field evaluations of jobs that were then cancelled or expired.")
          .Add({});
  Counter& cache_hits =
      CounterFamily(registry, "nemf_pair_cache_hits_total", "Jobs whose pair was encoded already.")
          .Add({});
  Counter& cache_misses =
      CounterFamily(registry, "nemf_pair_cache_misses_total", "Pairs that had to be encoded.")
          .Add({});
  Counter& cache_evictions = CounterFamily(registry, "nemf_pair_cache_evictions_total",
                                           "Encoded pairs that were removed to make room.")
                                 .Add({});
  Gauge& cache_bytes = GaugeFamily(registry, "nemf_pair_cache_bytes",
                                   "Device memory of the encoded pairs in the cache.")
                           .Add({});
  Family<Gauge>& device_memory = GaugeFamily(registry, "nemf_device_memory_bytes",
                                             "Memory of a device, used by the server or in total.");
  Family<Gauge>& model_info =
      GaugeFamily(registry, "nemf_model_info", "1 for each version that is served.");
  Family<Counter>& model_loads =
      CounterFamily(registry, "nemf_model_loads_total", "Attempts to load a version, by result.");
  Counter& log_lines_dropped = CounterFamily(registry, "nemf_log_lines_dropped_total",
                                             "Log lines that were dropped, not written.")
                                   .Add({});
  Family<Gauge>& build_info = GaugeFamily(registry, "nemf_build_info", "1.");
};

Metrics::Metrics(const std::string& version) : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", version}, {"compiler", __VERSION__}}).Set(1);
  // Series that exist from the start let rates and alerts see a zero before the first event.
  for (const JobKind kind : {JobKind::kKeypoints, JobKind::kFlow, JobKind::kField}) {
    families_->jobs_active.Add({{"kind", ToString(kind)}});
  }
  for (const char* result : {"ok", "failed", "refused"}) {
    families_->model_loads.Add({{"result", result}});
  }
  for (const DropReason reason :
       {DropReason::kQueueFull, DropReason::kClientLimit, DropReason::kDeadlineUnreachable,
        DropReason::kDraining, DropReason::kExpiredOnEntry, DropReason::kExpiredQueued,
        DropReason::kExpiredActive, DropReason::kCancelled, DropReason::kEngineError}) {
    families_->jobs_dropped.Add({{"reason", ToString(reason)}});
  }
}

Metrics::~Metrics() = default;

void Metrics::RecordRequest(const std::string& method, absl::StatusCode code,
                            absl::Duration duration) {
  families_->requests.Add({{"method", method}, {"code", absl::StatusCodeToString(code)}})
      .Increment();
  families_->request_duration.Add({{"method", method}}, DurationBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::RecordStage(const std::string& stage, absl::Duration duration) {
  families_->stage_duration.Add({{"stage", stage}}, DurationBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::AddModel(const std::string& name, const std::string& version,
                       const std::string& device) {
  families_->model_info.Add({{"name", name}, {"version", version}, {"device", device}}).Set(1);
}

void Metrics::RemoveModel(const std::string& name, const std::string& version,
                          const std::string& device) {
  Gauge& model =
      families_->model_info.Add({{"name", name}, {"version", version}, {"device", device}});
  families_->model_info.Remove(&model);
}

void Metrics::SetDeviceMemory(const std::string& device, std::int64_t used, std::int64_t total) {
  const auto set = [&](const char* kind, std::int64_t bytes) {
    families_->device_memory.Add({{"device", device}, {"kind", kind}})
        .Set(static_cast<double>(bytes));
  };
  set("used", used);
  set("total", total);
}

void Metrics::RecordModelLoad(const std::string& result) {
  families_->model_loads.Add({{"result", result}}).Increment();
}

void Metrics::RecordDroppedLogLines(std::int64_t lines) {
  families_->log_lines_dropped.Increment(static_cast<double>(lines));
}

std::string Metrics::Serialize() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

void Metrics::OnEncoderBatch(int pairs, absl::Duration duration) {
  families_->encoder_batch.Observe(pairs);
  families_->encode_duration.Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::OnStep(std::int64_t queries, absl::Duration duration) {
  families_->step_queries.Observe(static_cast<double>(queries));
  families_->field_queries.Increment(static_cast<double>(queries));
  families_->match_duration.Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::OnQueueWait(absl::Duration wait) {
  families_->queue_wait.Observe(absl::ToDoubleSeconds(wait));
}

void Metrics::OnJobDropped(DropReason reason) {
  families_->jobs_dropped.Add({{"reason", ToString(reason)}}).Increment();
}

void Metrics::OnQueuedJobs(int change) { families_->jobs_queued.Increment(change); }

void Metrics::OnActiveJobs(JobKind kind, int change) {
  families_->jobs_active.Add({{"kind", ToString(kind)}}).Increment(change);
}

void Metrics::OnQueuedWork(double change) { families_->queued_work.Increment(change); }

void Metrics::OnWastedQueries(std::int64_t queries) {
  families_->wasted_queries.Increment(static_cast<double>(queries));
}

void Metrics::OnPairCache(const PairCacheChange& change) {
  families_->cache_hits.Increment(change.hits);
  families_->cache_misses.Increment(change.misses);
  families_->cache_evictions.Increment(change.evictions);
  families_->cache_bytes.Increment(static_cast<double>(change.bytes));
}

}  // namespace nemf
