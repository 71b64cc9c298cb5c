#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_PRESETS_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_PRESETS_H_

#include <optional>

#include "nemf/v1/correspondence.pb.h"
#include "server/engine/presets.h"

namespace nemf {

// The schedule of a preset; BALANCED where none is named. Nothing where it is not one of ours.
inline std::optional<MatchOptions> ResolvePreset(v1::Preset preset) {
  switch (preset) {
    case v1::REFERENCE:
      return ReferenceSchedule();
    case v1::PRESET_UNSPECIFIED:
    case v1::BALANCED:
      return BalancedSchedule();
    case v1::FAST:
      return FastSchedule();
    default:
      return std::nullopt;
  }
}

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_PRESETS_H_
