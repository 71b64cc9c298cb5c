#ifndef NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_
#define NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_

#include <cstdint>

#include "absl/status/status.h"

namespace nemf {

// How far the coarse answer is refined.
enum class Refinement {
  kCoarse,                 // the encoder's coarse map, bilinearly interpolated
  kPatchMatch,             // PatchMatch on the matching field
  kPatchMatchAndOptimize,  // PatchMatch, then gradient ascent on the coordinates
};

// Bounds of MatchOptions.
inline constexpr int kMaxLatticeStride = 64;
inline constexpr int kMaxUpsampleNodes = 4;
inline constexpr int kMaxSearchCandidates = 16;

// The schedule of one matching run. The defaults are the paper's (the REFERENCE preset).
struct MatchOptions {
  Refinement refinement = Refinement::kPatchMatchAndOptimize;
  // Seed of the random search: equal pairs, points, options and seeds give equal bytes.
  std::uint64_t seed = 0;

  // PatchMatch iterations (propagation, random search, clamp), >= 0.
  int patchmatch_iterations = 20;
  // Half-width of the random search, and bound of the motion away from the coarse answer (by
  // PatchMatch) and away from PatchMatch's answer (by the optimisation). Normalised units (an image
  // spans 2), in (0, 2].
  float search_radius = 0.1f;

  // AdamW steps on the reference coordinates, >= 0, with a cosine learning rate from
  // `learning_rate` to `final_learning_rate` (normalised units).
  int optimize_steps = 20;
  float learning_rate = 3e-4f;
  float final_learning_rate = 1e-6f;
  float weight_decay = 0.01f;

  // What follows saves work and changes the answer a bit; the defaults leave the paper's schedule
  // as it is.

  // PatchMatch and the optimisation work on a lattice of query points, one in about so many pixels
  // along each axis (LatticeSize() in lattice.h), and the answer between its nodes comes from
  // theirs. 1 to kMaxLatticeStride; 1: on the pixels themselves.
  int lattice_stride = 1;
  // Nodes around a point, 0 to kMaxUpsampleNodes, whose own values compete with the interpolated
  // one where the answer is not smooth; the matching field decides. 0: the interpolated value is
  // taken.
  int upsample_candidates = 0;
  // Random candidates of an iteration, 1 to kMaxSearchCandidates, all around the point that
  // propagation chose.
  int search_candidates = 1;
  // Factor of the random search's radius from one iteration to the next, in (0, 1]; the candidates
  // of one iteration go down evenly to the next one's radius.
  float search_decay = 1.0f;

  // The random search's half-width for a candidate 0, 1, ... of an iteration 0, 1, ...
  float SearchRadius(int iteration, int candidate) const;

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_
