#ifndef NEMF_SERVER_ENGINE_ENGINE_H_
#define NEMF_SERVER_ENGINE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"

namespace nemf {

// The encoding of one pair: the cost embedding Phi and the coarse map, on the engine's device.
// Immutable, so tasks may share one.
class EncodedPair {
 public:
  virtual ~EncodedPair() = default;
  virtual ImageSize query_size() const = 0;      // of the original image, pixels
  virtual ImageSize reference_size() const = 0;  // of the original image, pixels
  virtual std::size_t bytes() const = 0;         // memory held
  // Returns the encoder's cost of one query point (pixels, inside the image) against the nodes of
  // Engine::StartField() -> [nodes.height][nodes.width], linear between its cells along all four
  // axes. The coarse map is the soft maximum of this cost. Safe from any thread. Takes milliseconds
  // for 256 x 256 nodes.
  virtual std::vector<float> SampleCost(Point query, ImageSize nodes) const = 0;
};

// One point of the answer.
struct Match {
  Point reference;        // reference pixels
  float score = 0;        // the matching field's score there (a logit)
  bool in_bounds = true;  // inside [0, W-1] x [0, H-1] of the reference
};

// The state of a dense answer while its task is running: a preview.
struct FlowSnapshot {
  int iteration = 0;             // PatchMatch iterations done; 0 is the coarse answer
  std::vector<Point> reference;  // reference pixels, row-major over the query's pixels
};

// One matching run over one pair: all pixels of the query, or some keypoints. An Engine advances it
// in bounded work items. Between two of them it may be destroyed.
//
// Work is counted in field evaluations. A gradient step of a point counts as one. Preparing a task
// (its dependency cone, point tables and first values) and making a snapshot need none, but have a
// price in them that depends on the engine's device.
class MatchTask {
 public:
  virtual ~MatchTask() = default;
  virtual bool done() const = 0;
  // Field evaluations so far, without any prices.
  virtual std::int64_t queries_spent() const = 0;
  // An upper bound of the work that is left, with the prices of preparation and snapshots. Each
  // Engine::Step() lowers it by at least the work that it returns.
  virtual std::int64_t queries_left() const = 0;
  // Moves out the answer, in the order of the keypoints, or row-major over the query's pixels.
  // Requires done().
  virtual std::vector<Match> TakeResult() = 0;

  // Requests snapshots of a dense task after these PatchMatch iterations, in ascending order. 0 is
  // the coarse answer; iterations beyond the schedule are ignored. Called at most once, before the
  // first Step(). The answer does not depend on it, but queries_left() does.
  virtual void RequestSnapshots(std::vector<int> iterations) = 0;
  // Returns the snapshots made since the last call, oldest first. Must not be called during a
  // Step(). Snapshots that are not yet taken hold host memory.
  virtual std::vector<FlowSnapshot> TakeSnapshots() = 0;
};

// Whether one Encode() may run at the same time as one Step(), on another thread.
enum class EncodeOverlap {
  kNever,    // not safe
  kAllowed,  // safe, but both run on the same cores
  kUseful,   // safe, and faster than one after the other
};

// A loaded model on a device. Encode() must be called from one thread at a time, and so must
// Step(). Both may run at the same time if encode_overlap() allows it. The other members are safe
// from any thread.
//
// If an error of Encode() or Step() IsFatal() (see fatal_error.h), the device is lost, and neither
// may be called again.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual const std::string& device() const = 0;  // "cpu" or "cuda:N"

  virtual EncodeOverlap encode_overlap() const { return EncodeOverlap::kNever; }

  // The number of pairs that Encode() works on at the same time, >= 1. More pairs take
  // proportionally longer. Each number up to it is a separate shape, whose first call may be slow.
  virtual int encoder_batch() const { return 1; }

  // Returns an upper bound of the work of a task over a query image of this size (see Start()) with
  // `snapshots` snapshots, before its pair is encoded or even decoded. Cheap.
  virtual std::int64_t BoundQueries(ImageSize query, absl::Span<const Point> keypoints,
                                    const MatchOptions& options, int snapshots) const = 0;

  // Encodes the pairs, of any sizes. Returns the encodings in the same order. The encoding of a
  // pair does not depend on the other pairs.
  virtual absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) = 0;

  // Returns a task for the points `keypoints` (query pixels, inside the image), or for every pixel
  // of the query if `keypoints` is empty. Requires options.Validate().ok(). Takes time in
  // proportion to the keypoints, whatever the sizes of the images: all else is done by Step().
  virtual std::unique_ptr<MatchTask> Start(std::shared_ptr<const EncodedPair> pair,
                                           std::vector<Point> keypoints,
                                           const MatchOptions& options) = 0;

  // Returns a task that scores one point of the query (pixels, inside the image) against a grid of
  // nodes.width x nodes.height reference points, each >= 2. The nodes are evenly spaced; the
  // outermost are on the centres of the reference's outermost pixels. The answer is row-major over
  // the nodes: the place and the score of each.
  virtual std::unique_ptr<MatchTask> StartField(std::shared_ptr<const EncodedPair> pair,
                                                Point query, ImageSize nodes) = 0;

  // Advances the unfinished tasks, in order, until one of them is done or at least 7/8 of
  // `max_queries` field evaluations' worth of work is done, but by at least one work item. Returns
  // that work, which exceeds `max_queries` by less than one smallest work item a task. Results do
  // not depend on how the work is cut or on which tasks go together. After an error each task
  // stands between two work items and may be stepped again.
  virtual absl::StatusOr<std::int64_t> Step(absl::Span<MatchTask* const> tasks,
                                            std::int64_t max_queries) = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_ENGINE_H_
