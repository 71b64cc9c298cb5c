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
#include "server/engine/matching/work_bound.h"

namespace nemf {

// A task's arrays on the device.
class TaskState {
 public:
  virtual ~TaskState() = default;
};

// The phases of a task, in order, and the elements that each works on. Snapshots may come before
// any iteration and after the last one.
enum class Phase {
  kGrowCone,    // sites of the dependency cone; not done by a back end
  kFillTables,  // rows of the point tables (matching/table_rows.h)
  kInitialize,  // sites: their coarse answers become their first values
  kSnapshot,    // points: their places after `iteration` iterations, for a preview
  kPatchMatch,  // sites; one iteration: propagation, random search, clamp
  // Sites of the support of a strided plan. All gradient steps, from the values after the last
  // iteration to the other buffer, as if they were one more iteration.
  kOptimizeNodes,
  // Points of the answer: optimisation and final score. Of a strided plan: the choice among each
  // point's candidates (math/upsample.h) and its score.
  kRefine,
  kDone,
};

// A range of the elements of one phase of a task. The results do not depend on how a phase is cut.
// The ranges of a phase are worked on in ascending order.
struct WorkItem {
  const TaskPlan* plan;
  TaskState* state;
  Phase phase;
  int iteration;  // sweeps over sites before this one
  int begin;
  int end;
  std::int64_t queries = 0;  // out: field evaluations spent on it
};

// A device with a model on it: all that differs between CPU and CUDA. Encode() is called from one
// thread at a time, and so is Run(); both at the same time only if encode_overlap() allows it. The
// other members are safe from any thread. Members with the name of one of Engine have its contract.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual const std::string& device() const = 0;
  virtual EncodeOverlap encode_overlap() const { return EncodeOverlap::kNever; }
  virtual int encoder_batch() const { return 1; }
  virtual ElementPrices prices() const = 0;

  virtual absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) = 0;

  // Returns the state of a task without its arrays, which Run() makes as it works on the phases up
  // to kInitialize. Takes constant time. `plan` outlives the state.
  virtual std::unique_ptr<TaskState> NewState(const TaskPlan& plan) = 0;

  // Does the work items, of different tasks, and writes their `queries`. The result of one does not
  // depend on the others. After an error they may be done again.
  virtual absl::Status Run(absl::Span<WorkItem> items) = 0;

  // Moves out the points of the last kSnapshot phase: reference pixels, row-major over the query's
  // pixels, bilinear between the nodes of a strided plan.
  virtual std::vector<Point> TakeSnapshot(TaskState* state) = 0;

  // Moves out the answer of a finished task.
  virtual std::vector<Match> TakeResult(TaskState* state) = 0;
};

// Returns the engine on any back end. It advances tasks in waves. A wave takes the next work item
// of each task, in order, until the field evaluations requested are covered. Its items run side by
// side.
std::unique_ptr<Engine> MakeEngine(std::unique_ptr<Backend> backend);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_BACKEND_H_
