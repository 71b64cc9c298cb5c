#ifndef NEMF_SERVER_ENGINE_CPU_PHASES_H_
#define NEMF_SERVER_ENGINE_CPU_PHASES_H_

#include <memory>
#include <vector>

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/field.h"
#include "server/engine/math/search.h"

namespace nemf::cpu {

// One thread's memory for PatchMatch and the refinement.
struct Scratch {
  std::unique_ptr<FieldWorkspace> field;
  // Rows of field evaluations and their results.
  std::vector<Vec2> reference;
  std::vector<TableIndex> query;
  std::vector<float> scores;
  std::vector<Vec2> gradients;
  // By site of the present range.
  std::vector<int> first_row;
  std::vector<ScoredPoint> best;
};

// Runs one PatchMatch iteration on the sites [begin, end) of a task (docs/algorithm.md,
// section 5.2): propagation from the values before the iteration, random search, clamp. Returns the
// number of field evaluations, as do the functions below.
int RunPatchMatch(const Field& field, TaskArrays* task, int iteration, int begin, int end,
                  Scratch* scratch);

// Runs all gradient steps (docs/algorithm.md, section 5.3) on the rows of scratch->reference, in
// place. `queries` are these rows. A step costs one field evaluation a row.
void Optimize(const Field& field, const FieldQueries& queries, const TaskPlan& plan,
              Scratch* scratch);

// Runs Phase::kOptimizeNodes on the sites [begin, end).
int RunOptimizeNodes(const Field& field, TaskArrays* task, int sweep, int begin, int end,
                     Scratch* scratch);

// Runs Phase::kRefine on the points [begin, end) of a task's answer: reads the map at them,
// optimises their coordinates if the plan has gradient steps, scores them and writes task->matches.
int RunRefine(const Field& field, TaskArrays* task, int begin, int end, Scratch* scratch);

// Runs Phase::kRefine of a strided plan: scores each point's candidates between the lattice's nodes
// (math/upsample.h), takes the best, or the first on a tie, and writes task->matches.
int RunUpsample(const Field& field, TaskArrays* task, int begin, int end, Scratch* scratch);

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_PHASES_H_
