#ifndef NEMF_SERVER_SERVICE_PRESETS_H_
#define NEMF_SERVER_SERVICE_PRESETS_H_

#include <array>
#include <optional>

#include "nemf/v1/correspondence.pb.h"
#include "server/engine/match_options.h"

namespace nemf {

// The schedule of a preset, as far as presets differ.
struct PresetSchedule {
  v1::Preset preset;
  int patchmatch_iterations;
  int optimize_steps;
};

// PRESET_UNSPECIFIED is REFERENCE, the paper's schedule.
inline constexpr std::array<PresetSchedule, 4> kPresets = {{
    {v1::PRESET_UNSPECIFIED, 20, 20},
    {v1::REFERENCE, 20, 20},
    {v1::BALANCED, 10, 20},
    {v1::FAST, 4, 10},
}};

// Nothing where the preset is not one of ours.
inline std::optional<MatchOptions> ResolvePreset(v1::Preset preset) {
  for (const PresetSchedule& schedule : kPresets) {
    if (schedule.preset != preset) continue;
    MatchOptions options;
    options.patchmatch_iterations = schedule.patchmatch_iterations;
    options.optimize_steps = schedule.optimize_steps;
    return options;
  }
  return std::nullopt;
}

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_PRESETS_H_
