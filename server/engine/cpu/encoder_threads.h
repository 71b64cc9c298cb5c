#ifndef NEMF_SERVER_ENGINE_CPU_ENCODER_THREADS_H_
#define NEMF_SERVER_ENGINE_CPU_ENCODER_THREADS_H_

#include "server/engine/encoder.h"

namespace nemf {

// Whether the encoder answers with the same bits on one thread as on `threads`. That is so where
// none of its sums is shared by threads, which depends on the model's sizes; it is tried out on
// two pairs of noise, whose sums would come out differently. False, too, where the encoder fails.
bool KeepsBitsOnOneThread(Encoder* encoder, int threads);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_ENCODER_THREADS_H_
