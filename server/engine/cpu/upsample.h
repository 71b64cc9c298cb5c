#ifndef NEMF_SERVER_ENGINE_CPU_UPSAMPLE_H_
#define NEMF_SERVER_ENGINE_CPU_UPSAMPLE_H_

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/patchmatch.h"

namespace nemf {

// The finish of a strided plan for the points [begin, end): scores each point's candidates between
// the lattice's nodes (math/upsample.h), takes the best, the first on a tie, and writes its match.
// Returns the field queries spent.
int RunUpsample(const CpuField& field, CpuTask* task, int begin, int end, CpuScratch* scratch);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_UPSAMPLE_H_
