#ifndef NEMF_SERVER_ENGINE_CHECKS_BACKEND_PARITY_H_
#define NEMF_SERVER_ENGINE_CHECKS_BACKEND_PARITY_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/engine/device/device.h"
#include "server/engine/engine.h"

namespace nemf {

// The difference of two answers to the same task. Two devices round their sums differently. If the
// scores of candidates are nearly equal, PatchMatch may choose another one and continue from there.
// So a few points may differ by much, but their scores only by little.
struct Disagreement {
  double moved = 0;  // fraction of the points that are more than a pixel apart
  // Mean of |score - expected score|, divided by the standard deviation of the expected scores or
  // by 1, whichever is more. Infinite if a score is not finite.
  double score_gap = 0;
};

// Returns the difference of two answers with the same points, at least one.
Disagreement Compare(absl::Span<const Match> answer, absl::Span<const Match> expected);

// Returns the largest difference that is acceptable.
Disagreement AllowedDisagreement(Precision precision);

// Encodes and matches a small built-in pair on both engines and compares the answers. Covers dense
// flows and keypoints, PatchMatch and the optimisation, all pixels and a lattice. Returns
// FAILED_PRECONDITION with the differences if they exceed `allowed`. Takes about a second of both
// engines, besides encoding the pair.
absl::Status CheckBackendParity(Engine* device, Engine* cpu, const Disagreement& allowed);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_BACKEND_PARITY_H_
