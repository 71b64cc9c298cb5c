#ifndef NEMF_SERVER_SCHEDULING_SCHEDULER_OPTIONS_H_
#define NEMF_SERVER_SCHEDULING_SCHEDULER_OPTIONS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace nemf {

// Whether pairs are encoded on a thread of their own, beside the matching of others.
enum class OverlapEncoding {
  kAuto,  // if the engine reports that it is useful
  kOn,    // if the engine allows it
  kOff,
};

struct SchedulerOptions {
  // Bounds of admission; beyond them a request is refused with RESOURCE_EXHAUSTED.
  int max_queued_jobs = 1024;  // requests that wait for their encoder batch, >= 1
  // Bytes that accepted requests hold until their answer: messages, decoded images, results and
  // previews; >= 1. A request that is alone is accepted whatever its size.
  std::int64_t max_queued_bytes = std::int64_t{2} << 30;
  double max_queued_seconds = 300;  // predicted wait of a new request for others, > 0
  int max_queued_per_client = 0;    // waiting requests of one client, >= 0; 0: no limit

  int max_encoder_batch = 8;  // pairs in one encoder batch, >= 1
  int max_active_jobs = 64;   // jobs being matched at a time, >= 1

  // Time that matching runs between two looks at the queue, > 0. A new keypoint request beside a
  // long flow waits for about one quantum. The scheduler turns it into field evaluations with the
  // costs that it measures (see Costs in cost_model.h); shorter quanta cost throughput.
  absl::Duration quantum = absl::Milliseconds(20);
  // Field evaluations of the shortest quantum, and of the first one, before any cost is known;
  // >= 64. About one block of rows for each thread: fewer leave threads idle.
  std::int64_t min_quantum_queries = 8192;

  std::int64_t pair_cache_bytes = 256 << 20;  // encoded pairs to keep, >= 0; 0: none
  OverlapEncoding overlap_encoding = OverlapEncoding::kAuto;

  // Returns INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_SCHEDULER_OPTIONS_H_
