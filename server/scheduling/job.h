#ifndef NEMF_SERVER_SCHEDULING_JOB_H_
#define NEMF_SERVER_SCHEDULING_JOB_H_

#include <cstdint>
#include <string>
#include <variant>
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

// Matches some points of the query.
struct KeypointsSpec {
  std::vector<Point> keypoints = {};  // query pixels, inside the image; at least one
  MatchOptions options = {};
};

// Matches every pixel of the query.
struct FlowSpec {
  MatchOptions options = {};
  // PatchMatch iterations after which the sink gets a snapshot, ascending; 0 is the coarse flow.
  std::vector<int> snapshots = {};
  // Reserves a second job, the flow from the reference to the query (see JobTicket).
  bool both_ways = false;
};

// Scores one point of the query against a grid over the reference (see Engine::StartField).
struct FieldSpec {
  Point point = {};      // query pixels, inside the image
  ImageSize nodes = {};  // columns and rows of the grid
};

// What a job computes. JobKind names the alternatives, in their order.
using JobSpec = std::variant<KeypointsSpec, FlowSpec, FieldSpec>;
enum class JobKind { kKeypoints, kFlow, kField };
inline JobKind KindOf(const JobSpec& spec) { return static_cast<JobKind>(spec.index()); }

// What Scheduler::Reserve() decides on: all that is known of a request before its images are
// decoded.
struct JobRequest {
  JobSpec spec;
  // As the images' headers state them. Decoding may turn an image by a quarter (EXIF orientation).
  ImageSize query;
  ImageSize reference;
  // Bytes that the request holds until its answer, beside decoded images and results: its message,
  // its previews.
  std::int64_t other_bytes = 0;
  absl::Time deadline = absl::InfiniteFuture();
  Priority priority = Priority::kNormal;
  std::string client = {};  // whose limit on waiting requests applies; empty: no limit
};

// What a job cost, as the scheduler measured it.
struct JobStatistics {
  absl::Duration queue_time;   // from Submit() to the start of its encoder batch
  absl::Duration encode_time;  // duration of the encoder batch that it was part of
  absl::Duration match_time;   // from the end of the encoder batch to the answer
  std::int64_t field_queries = 0;
  int encoder_batch_pairs = 0;  // pairs in its encoder batch; 0 if there was none
  bool cached = false;          // its pair was found in the pair cache
};

struct JobResult {
  // In the order of the keypoints, or row-major over the query's pixels or the grid.
  std::vector<Match> matches;
  JobStatistics statistics;
  std::vector<float> cost;  // FieldSpec: EncodedPair::SampleCost() at the grid; otherwise empty
};

// Receives a job's answer. Both functions are called on the scheduler's thread and must not block:
// hand expensive work to another thread.
class JobSink {
 public:
  virtual ~JobSink() = default;
  // Called exactly once for each submitted job. An error is CANCELLED, DEADLINE_EXCEEDED,
  // UNAVAILABLE (the device is lost) or the engine's.
  virtual void OnDone(absl::StatusOr<JobResult> result) = 0;
  // Called before OnDone() for each of FlowSpec.snapshots that the schedule reaches, at the end of
  // the quantum that reached it.
  virtual void OnSnapshot(FlowSnapshot /*snapshot*/) {}
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_JOB_H_
