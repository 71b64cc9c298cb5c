#ifndef NEMF_SERVER_ENGINE_CPU_PHASES_H_
#define NEMF_SERVER_ENGINE_CPU_PHASES_H_

#include <memory>
#include <vector>

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/field.h"
#include "server/engine/math/search.h"

namespace nemf::cpu {

// One thread's memory for PatchMatch and the finish.
struct Scratch {
  std::unique_ptr<FieldWorkspace> field;
  // Rows of field queries and their answers.
  std::vector<Vec2> reference;
  std::vector<TableIndex> query;
  std::vector<float> scores;
  std::vector<Vec2> gradients;
  // By site of the range at hand.
  std::vector<int> first_row;
  std::vector<ScoredPoint> best;
};

// One PatchMatch iteration on the sites [begin, end) of a task (docs/algorithm.md, section 5.2):
// propagation from the values before the iteration, random search, clamp. Returns the field queries
// spent.
int RunPatchMatch(const Field& field, TaskArrays* task, int iteration, int begin, int end,
                  Scratch* scratch);

// The optimiser's steps (docs/algorithm.md, section 5.3) on the rows of scratch->reference, each
// for itself, in place; `queries` are these rows. A step costs a field query a row.
void Optimize(const Field& field, const FieldQueries& queries, const TaskPlan& plan,
              Scratch* scratch);

// Phase::kOptimizeNodes on the sites [begin, end). Returns the field queries spent.
int RunOptimizeNodes(const Field& field, TaskArrays* task, int sweep, int begin, int end,
                     Scratch* scratch);

// The end of the points [begin, end) of a task's answer: reads the map at them, optimises their
// coordinates if asked for (docs/algorithm.md, section 5.3), scores them and writes task->matches.
// Returns the field queries spent; a step's gradient counts as one.
int RunRefine(const Field& field, TaskArrays* task, int begin, int end, Scratch* scratch);

// The finish of a strided plan for the points [begin, end): scores each point's candidates between
// the lattice's nodes (math/upsample.h), takes the best, the first on a tie, and writes its match.
// Returns the field queries spent.
int RunUpsample(const Field& field, TaskArrays* task, int begin, int end, Scratch* scratch);

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_PHASES_H_
