#ifndef NEMF_SERVER_ENGINE_CHECKS_BACKEND_PARITY_H_
#define NEMF_SERVER_ENGINE_CHECKS_BACKEND_PARITY_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/engine/device/device.h"
#include "server/engine/engine.h"

namespace nemf {

// How two answers to the same question differ. Two devices round their sums differently, and where
// candidates' scores are nearly equal PatchMatch may choose another one and go on from there; so
// single points may differ by much, but not many of them, and their scores by little.
struct Disagreement {
  double moved = 0;  // share of the points that are more than a pixel apart
  // Mean of |score - expected score|, over the spread of the expected scores (their standard
  // deviation) or 1, whichever is more; infinite where a score is not finite.
  double score_gap = 0;
};

// Both answers have the same points, at least one.
Disagreement Compare(absl::Span<const Match> answer, absl::Span<const Match> expected);

// What CheckBackendParity() lets pass.
Disagreement AllowedDisagreement(Precision precision);

// Encodes and matches a small built-in pair on both engines - densely and at keypoints, by
// PatchMatch and the optimisation, on all pixels and on a lattice - and compares the answers.
// FAILED_PRECONDITION tells what differs and by how much: `device` does not compute what `cpu`
// does. Takes a second or so of both, and an encoder pass.
absl::Status CheckBackendParity(Engine* device, Engine* cpu, const Disagreement& allowed);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_BACKEND_PARITY_H_
