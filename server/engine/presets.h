#ifndef NEMF_SERVER_ENGINE_PRESETS_H_
#define NEMF_SERVER_ENGINE_PRESETS_H_

#include "server/engine/match_options.h"

// The named schedules. docs/presets.md lists their costs and the differences of their answers.
namespace nemf {

// Returns the paper's schedule.
inline MatchOptions ReferenceSchedule() { return {}; }

// Returns a schedule with nearly the same answer for less than a tenth of the work. PatchMatch
// works on every fourth pixel, and its random search narrows in fewer iterations. The matching
// field chooses between nodes. The optimiser takes fewer but longer steps, so it reaches as far as
// the paper's.
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

// Returns the schedule with the least work that still refines the coarse answer.
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
