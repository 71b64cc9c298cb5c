#ifndef NEMF_SERVER_ENGINE_CPU_CPU_BACKEND_H_
#define NEMF_SERVER_ENGINE_CPU_CPU_BACKEND_H_

#include <memory>

#include "server/engine/backend.h"
#include "server/engine/bundle.h"
#include "server/engine/cpu/field.h"
#include "server/engine/encoder.h"

namespace nemf {

// The CPU: pieces are cut into ranges that a core's cache holds, which `threads` workers share. A
// worker takes its range through all steps of an iteration.
std::unique_ptr<Backend> MakeCpuBackend(std::unique_ptr<Encoder> encoder, const EncoderShape& shape,
                                        std::unique_ptr<CpuField> field, int threads);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_CPU_BACKEND_H_
