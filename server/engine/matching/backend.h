#ifndef NEMF_SERVER_ENGINE_MATCHING_BACKEND_H_
#define NEMF_SERVER_ENGINE_MATCHING_BACKEND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/engine/engine.h"
#include "server/engine/matching/task_plan.h"

namespace nemf {

// A task's arrays on the device.
class TaskState {
 public:
  virtual ~TaskState() = default;
};

enum class Phase {
  kPatchMatch,  // one iteration: propagation, random search, clamp
  // Of a strided plan: the optimiser's steps on the slots of the support, from the values after the
  // last iteration to the other buffer, as if it were one more iteration; each slot for itself.
  kOptimizeNodes,
  // The points that were asked for: optimisation and final score; of a strided plan, the choice
  // among each point's candidates (math/upsample.h) and its score.
  kRefine,
  kDone,
};

// A part of a task's work that may be done in one go: a range of the slots of a PatchMatch
// iteration (one reads the values from before the iteration, so the ranges of an iteration may go
// in any order and cut) or of the nodes' optimisation, or of the task's points in the finish.
struct WorkItem {
  const TaskPlan* plan;
  TaskState* state;
  Phase phase;
  int iteration;  // passes over slots before this one
  int begin;
  int end;
  std::int64_t queries = 0;  // out: field queries spent on it
};

// A device with a model on it: all that differs between CPU and CUDA. Encode() is called from one
// thread at a time, and so is Run(), at the same time only where encode_overlap() says so; the
// others are called from any. For the first members see Engine.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual const std::string& device() const = 0;
  virtual EncodeOverlap encode_overlap() const { return EncodeOverlap::kNever; }
  virtual int encoder_batch() const { return 1; }

  virtual absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) = 0;

  // The arrays of a task, with its coarse answer in them. `plan` outlives the state.
  virtual std::unique_ptr<TaskState> NewState(const TaskPlan& plan) = 0;

  // Does the pieces, of different tasks, and writes their `queries`. A piece's result does not
  // depend on its company nor on how ranges were cut.
  virtual absl::Status Run(absl::Span<WorkItem> pieces) = 0;

  // Where the points of a dense task stand after `iteration` whole PatchMatch iterations (0: the
  // coarse answer), the task's next pass or finish not yet begun -> reference pixels, row-major
  // over the query's pixels; bilinear between the nodes of a strided plan. From the thread of
  // Run().
  virtual std::vector<Point> Snapshot(const TaskState& state, int iteration) = 0;

  // The answer of a finished task; moves it out.
  virtual std::vector<Match> TakeResult(TaskState* state) = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_BACKEND_H_
