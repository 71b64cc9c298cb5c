#ifndef NEMF_SERVER_ENGINE_CHECKS_SMOKE_TEST_H_
#define NEMF_SERVER_ENGINE_CHECKS_SMOKE_TEST_H_

#include "absl/status/status.h"
#include "server/engine/engine.h"

namespace nemf {

// Runs everything that requests use once, so that no request pays for a first call. Encodes each
// number of pairs that the engine works on at the same time, up to `max_pairs`, because each is a
// shape of its own. Then matches a tiny built-in pair as a dense flow, as keypoints and as a field.
//
// It is also the last check of the model: answers must be finite, and at whole pixels a keypoint's
// answer must have the bits of the dense one. Returns FAILED_PRECONDITION with what differs, or an
// error of the engine.
absl::Status RunSmokeTest(Engine* engine, int max_pairs);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_SMOKE_TEST_H_
