#ifndef NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_
#define NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_

#include <cstdint>

#include "absl/status/status.h"

namespace nemf {

// The stages that refine the coarse answer.
enum class Refinement {
  kCoarse,                 // the encoder's coarse map, bilinearly interpolated
  kPatchMatch,             // PatchMatch on the matching field
  kPatchMatchAndOptimize,  // PatchMatch, then gradient ascent on the coordinates
};

// Bounds of MatchOptions.
inline constexpr int kMaxLatticeStride = 64;
inline constexpr int kMaxUpsampleNodes = 4;
inline constexpr int kMaxSearchCandidates = 16;

// The schedule of one matching run. The defaults are those of the paper (the REFERENCE preset).
struct MatchOptions {
  Refinement refinement = Refinement::kPatchMatchAndOptimize;
  // Seed of the random search. Equal pairs, points, options and seeds give equal bytes.
  std::uint64_t seed = 0;

  // PatchMatch iterations (propagation, random search, clamp), >= 0.
  int patchmatch_iterations = 20;
  // Half-width of the random search. Also the largest distance along an axis that PatchMatch may
  // move a point from the coarse answer, and that the optimisation may move it from PatchMatch's
  // answer. Normalised units (an image spans 2), in (0, 2].
  float search_radius = 0.1f;

  // AdamW steps on the reference coordinates, >= 0, with a cosine learning rate from
  // `learning_rate` to `final_learning_rate` (normalised units).
  int optimize_steps = 20;
  float learning_rate = 3e-4f;
  float final_learning_rate = 1e-6f;
  float weight_decay = 0.01f;

  // The options below save work and change the answer slightly. Their defaults keep the paper's
  // schedule.

  // PatchMatch and the optimisation work on a lattice of query points. This is the spacing of its
  // nodes along each axis, in pixels, about (see LatticeSize() in matching/task_plan.h). The answer
  // between nodes is derived from theirs. In [1, kMaxLatticeStride]; 1 means every pixel.
  int lattice_stride = 1;
  // The number of nodes around a point whose values are scored against the interpolated value where
  // the answer is not smooth. The best score wins. In [0, kMaxUpsampleNodes]; 0 always takes the
  // interpolated value.
  int upsample_candidates = 0;
  // Random candidates of one iteration, all around the point that propagation chose. In [1,
  // kMaxSearchCandidates].
  int search_candidates = 1;
  // Factor between the random search's radii of two successive iterations, in (0, 1]. The radii of
  // one iteration's candidates fall geometrically towards the next iteration's radius.
  float search_decay = 1.0f;

  // Returns the half-width of the random search for a candidate and an iteration, both from 0.
  float SearchRadius(int iteration, int candidate) const;

  // Returns INVALID_ARGUMENT that names the first broken rule, or OK.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_
