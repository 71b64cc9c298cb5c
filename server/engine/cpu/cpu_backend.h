#ifndef NEMF_SERVER_ENGINE_CPU_CPU_BACKEND_H_
#define NEMF_SERVER_ENGINE_CPU_CPU_BACKEND_H_

#include <memory>

#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/cpu/field.h"
#include "server/engine/encoder/encoder.h"
#include "server/engine/matching/backend.h"

namespace nemf::cpu {

// Returns the CPU back end. It cuts work items into ranges that fit a core's cache and distributes
// them over `threads` workers. A worker takes its range through all steps of an iteration. With
// `side_by_side`, each thread encodes one pair of a batch. This requires that the encoder gives the
// same bits on one thread (see checks/thread_determinism.h).
std::unique_ptr<Backend> MakeBackend(std::unique_ptr<Encoder> encoder, const EncoderShape& shape,
                                     std::unique_ptr<Field> field, int threads, bool side_by_side);

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_CPU_BACKEND_H_
