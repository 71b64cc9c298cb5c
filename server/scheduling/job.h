#ifndef NEMF_SERVER_SCHEDULING_JOB_H_
#define NEMF_SERVER_SCHEDULING_JOB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/sha256.h"
#include "server/engine/engine.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/scheduling/priority.h"

namespace nemf {

// SHA-256 of both images of a pair, as they were sent. Strong enough to identify the pair: a client
// cannot construct two pairs with one digest to obtain answers to another client's pair.
using PairDigest = Sha256Digest;

enum class JobKind {
  kKeypoints,
  kFlow,   // every pixel of the query
  kField,  // one point of the query against a grid of reference points
};

// What a job cost, as the scheduler measured it.
struct JobStatistics {
  absl::Duration queue_time;   // from Submit() to the start of its encoder pass
  absl::Duration encode_time;  // of the encoder pass that it was part of
  absl::Duration match_time;   // from the end of the encoder pass to the answer
  std::int64_t field_queries = 0;
  int encoder_batch_pairs = 0;  // pairs in its encoder pass; 0 where there was none
  bool cached = false;          // its pair was found in the pair cache: no encoder pass
};

struct JobResult {
  // In the order of the keypoints, or row-major over the query or the field's nodes.
  std::vector<Match> matches;
  JobStatistics statistics;
  std::vector<float> cost;  // kField: EncodedPair::SampleCost() at the nodes; else empty
};

// Where a job's answer goes. OnDone() is called exactly once for each job that Submit() accepted,
// on a scheduler thread, and must not block.
class JobSink {
 public:
  virtual ~JobSink() = default;
  // An error is CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE (shutting down) or the engine's.
  virtual void OnDone(absl::StatusOr<JobResult> result) = 0;
  // A state of the flow that Job.snapshots asked for, at the end of the chunk of matching that came
  // past it. Before OnDone(), on the same thread; must not block.
  virtual void OnSnapshot(FlowSnapshot /*snapshot*/) {}
};

// One request's work, decoded and validated.
struct Job {
  JobKind kind = JobKind::kKeypoints;
  ImagePair pair;
  PairDigest digest = {};        // of the pair: jobs of equal ones may share an encoded pair
  std::vector<Point> keypoints;  // empty for kFlow; one for kField
  ImageSize field_nodes;         // kField: columns and rows of the grid
  // kFlow: PatchMatch iterations after which the sink gets a snapshot, ascending; 0: the coarse
  // map.
  std::vector<int> snapshots;
  MatchOptions options;
  absl::Time deadline = absl::InfiniteFuture();
  Priority priority = Priority::kNormal;
  std::string client;  // whose limit on queued jobs it counts for; empty: nobody's
  std::shared_ptr<JobSink> sink;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_JOB_H_
