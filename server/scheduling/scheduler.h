#ifndef NEMF_SERVER_SCHEDULING_SCHEDULER_H_
#define NEMF_SERVER_SCHEDULING_SCHEDULER_H_

#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/scheduling/job.h"
#include "server/scheduling/observer.h"

namespace nemf {

// Whether pairs are encoded on a thread of their own, beside the matching of others.
enum class OverlapEncoding {
  kAuto,  // where the engine says that it is useful
  kOn,    // where the engine allows it
  kOff,
};

struct SchedulerOptions {
  // What may wait for an encoder pass; more is RESOURCE_EXHAUSTED.
  int max_queued_jobs = 1024;                             // >= 1
  std::int64_t max_queued_bytes = std::int64_t{1} << 30;  // of decoded pairs, >= 1
  double max_queued_seconds = 300;  // predicted time until a new job's own work begins, > 0
  int max_queued_per_client = 0;    // jobs of one client, >= 0; 0: as many as of all

  int max_encoder_batch = 8;  // pairs in one encoder pass, >= 1
  int max_active_jobs = 64;   // jobs being matched at a time, >= 1
  // Field queries between two looks at the queue, >= 64. With fewer than a pass of keypoint
  // requests needs (some 40,000 each with the default schedule), they would wait to be matched, not
  // to be encoded, and passes would seldom be full.
  std::int64_t chunk_queries = 98'304;
  std::int64_t pair_cache_bytes = 256 << 20;  // encoded pairs to keep, >= 0; 0: none
  OverlapEncoding overlap_encoding = OverlapEncoding::kAuto;

  absl::Status Validate() const;
};

// A submitted job. Destroying the handle does not cancel the job.
class JobHandle {
 public:
  virtual ~JobHandle() = default;
  // Asks for the job to leave at the next step boundary; its sink then gets CANCELLED, unless its
  // answer was already on its way. Safe from any thread, any number of times.
  virtual void Cancel() = 0;
};

// Runs jobs on one engine: batches encoder passes, then advances the matching of all active jobs
// in bounded chunks, so that jobs join and leave between chunks.
//
// What happens at a boundary between chunks is written in scheduler_loop.h; which jobs a chunk
// serves first (little work first, with ageing, with a worked example) in quantum_order.h; which
// jobs go through the encoder together, and how places are shared between flows and keypoint jobs,
// in encoder_batch.h; what is refused at once, and with which push-back, in admission_controller.h.
// Jobs that wait at the same time for equal pairs share one place in an encoder pass, and pairs
// that were encoded before are kept (pair_cache.h).
class Scheduler {
 public:
  virtual ~Scheduler() = default;  // drains

  // Accepts a job or says why not: RESOURCE_EXHAUSTED (queue full, or predicted to miss its
  // deadline; see retry_pushback.h), UNAVAILABLE (draining), DEADLINE_EXCEEDED (already past).
  // Waits for nothing; safe from any thread.
  virtual absl::StatusOr<std::shared_ptr<JobHandle>> Submit(Job job) = 0;

  // What Submit() would refuse the job with now, if it would: so a request can be refused before
  // its images are decoded. job.pair needs no pixels, only sizes; job.digest is not looked at, but
  // `digest` is called where it makes the difference. OK promises nothing.
  virtual absl::Status CheckAdmission(const Job& job, absl::FunctionRef<PairDigest()> digest) = 0;

  // Stops accepting and returns when every accepted job was answered. Not to be called by a sink.
  virtual void Drain() = 0;

  // Engine, clock and observer outlive the scheduler. Requires options.Validate().ok().
  static std::unique_ptr<Scheduler> Create(Engine* engine, Clock* clock,
                                           const SchedulerOptions& options,
                                           SchedulerObserver* observer = nullptr);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_SCHEDULER_H_
