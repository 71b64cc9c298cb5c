#ifndef NEMF_SERVER_ENGINE_CPU_REFINE_H_
#define NEMF_SERVER_ENGINE_CPU_REFINE_H_

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/patchmatch.h"

namespace nemf {

// The end of the points [begin, end) of a task's answer: reads the map at them, optimises their
// coordinates if asked for (docs/algorithm.md, section 5.3), scores them and writes task->matches.
// Returns the field queries spent; a step's gradient counts as one.
int RunRefine(const CpuField& field, CpuTask* task, int begin, int end, CpuScratch* scratch);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_REFINE_H_
