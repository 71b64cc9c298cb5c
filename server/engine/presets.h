#ifndef NEMF_SERVER_ENGINE_PRESETS_H_
#define NEMF_SERVER_ENGINE_PRESETS_H_

#include "server/engine/match_options.h"

// The named schedules; docs/presets.md has what they cost and how far their answers are apart.
namespace nemf {

// The paper's.
inline MatchOptions ReferenceSchedule() { return {}; }

// Nearly the same answer for less than a tenth of the work: a lattice of every fourth pixel, whose
// random search narrows in fewer iterations, and the field's choice between its nodes. Fewer and
// longer steps of the optimiser may go as far as the paper's.
inline MatchOptions BalancedSchedule() {
  MatchOptions options;
  options.lattice_stride = 4;
  options.patchmatch_iterations = 9;
  options.search_candidates = 3;
  options.search_decay = 0.62f;
  options.optimize_steps = 8;
  options.learning_rate = 7.5e-4f;
  options.upsample_candidates = 2;
  return options;
}

// The least work that still refines the coarse answer.
inline MatchOptions FastSchedule() {
  MatchOptions options;
  options.lattice_stride = 7;
  options.patchmatch_iterations = 6;
  options.search_candidates = 2;
  options.search_decay = 0.5f;
  options.optimize_steps = 5;
  options.learning_rate = 1.2e-3f;
  options.upsample_candidates = 2;
  return options;
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_PRESETS_H_
