#ifndef NEMF_SERVER_SCHEDULING_JOB_H_
#define NEMF_SERVER_SCHEDULING_JOB_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"

namespace nemf {

enum class JobKind { kKeypoints, kFlow };

// What a job cost, as the scheduler measured it.
struct JobStatistics {
  absl::Duration queue_time;   // from Submit() to the start of its encoder pass
  absl::Duration encode_time;  // of the encoder pass that it was part of
  absl::Duration match_time;   // from the end of the encoder pass to the answer
  std::int64_t field_queries = 0;
  int encoder_batch_pairs = 0;  // pairs in its encoder pass
};

struct JobResult {
  std::vector<Match> matches;  // in the order of the keypoints, or row-major over the query
  JobStatistics statistics;
};

// Where a job's answer goes. OnDone() is called exactly once for each job that Submit() accepted,
// on a scheduler thread, and must not block.
class JobSink {
 public:
  virtual ~JobSink() = default;
  // An error is CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE (shutting down) or the engine's.
  virtual void OnDone(absl::StatusOr<JobResult> result) = 0;
};

// One request's work, decoded and validated.
struct Job {
  JobKind kind = JobKind::kKeypoints;
  std::shared_ptr<const ImagePair> pair;
  std::vector<Point> keypoints;  // empty for kFlow
  MatchOptions options;
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<JobSink> sink;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_JOB_H_
