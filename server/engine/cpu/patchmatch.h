#ifndef NEMF_SERVER_ENGINE_CPU_PATCHMATCH_H_
#define NEMF_SERVER_ENGINE_CPU_PATCHMATCH_H_

#include <memory>
#include <vector>

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/field.h"
#include "server/engine/math/search.h"

namespace nemf {

// One thread's memory for PatchMatch and the finish.
struct CpuScratch {
  std::unique_ptr<FieldWorkspace> field;
  // Rows of field queries and their answers.
  std::vector<Vec2> reference;
  std::vector<TableIndex> query;
  std::vector<float> scores;
  std::vector<Vec2> gradients;
  // By slot of the range at hand.
  std::vector<int> first_row;
  std::vector<ScoredPoint> best;
};

// One PatchMatch iteration on the slots [begin, end) of a task (docs/algorithm.md, section 5.2):
// propagation from the values before the iteration, random search, clamp. Returns the field queries
// spent.
int RunPatchMatch(const CpuField& field, CpuTask* task, int iteration, int begin, int end,
                  CpuScratch* scratch);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_PATCHMATCH_H_
