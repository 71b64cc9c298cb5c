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

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCH_OPTIONS_H_
