#ifndef NEMF_SERVER_ENGINE_CHECKS_THREAD_DETERMINISM_H_
#define NEMF_SERVER_ENGINE_CHECKS_THREAD_DETERMINISM_H_

#include "server/engine/encoder/encoder.h"

namespace nemf {

// Returns whether the encoder gives the same bits on one thread as on `threads` threads for two
// pairs of noise. It does if no sum is split among threads, which depends on the model's sizes.
// Returns false if the encoder fails.
bool GivesSameBitsOnOneThread(Encoder* encoder, int threads);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_THREAD_DETERMINISM_H_
