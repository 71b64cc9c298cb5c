#ifndef NEMF_SERVER_ENGINE_CPU_OPTIMIZE_H_
#define NEMF_SERVER_ENGINE_CPU_OPTIMIZE_H_

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/patchmatch.h"

namespace nemf {

// The optimiser's steps (docs/algorithm.md, section 5.3) on the rows of scratch->reference, each
// for itself, in place; `queries` are these rows. A step costs a field query a row.
void Optimize(const CpuField& field, const FieldQueries& queries, const TaskPlan& plan,
              CpuScratch* scratch);

// Phase::kOptimizeNodes on the slots [begin, end). Returns the field queries spent.
int RunOptimizeNodes(const CpuField& field, CpuTask* task, int pass, int begin, int end,
                     CpuScratch* scratch);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_OPTIMIZE_H_
