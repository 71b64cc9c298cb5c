#ifndef NEMF_SERVER_ENGINE_CHECKS_SMOKE_TEST_H_
#define NEMF_SERVER_ENGINE_CHECKS_SMOKE_TEST_H_

#include "absl/status/status.h"
#include "server/engine/engine.h"

namespace nemf {

// Runs once what requests will run, so that none of them meets a first time: an encoder pass of
// each number of pairs that the engine works on side by side, up to `max_pairs` (each is a shape of
// its own), then a tiny built-in pair from end to end, as a dense flow, as keypoints and as a
// field.
//
// That is the last self-check too: answers must be finite, and at whole pixels a keypoint's answer
// must have the bits of the dense one. FAILED_PRECONDITION says what differs; other errors are the
// engine's.
absl::Status RunSmokeTest(Engine* engine, int max_pairs);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_SMOKE_TEST_H_
