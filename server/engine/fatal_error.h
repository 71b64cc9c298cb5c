#ifndef NEMF_SERVER_ENGINE_FATAL_ERROR_H_
#define NEMF_SERVER_ENGINE_FATAL_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

// Errors after which a device does not answer any more until the process was started again, as most
// of CUDA's are ("sticky").
namespace nemf {

inline constexpr char kFatalErrorPayload[] = "nemf/fatal-device-error";

// `error`, marked as fatal. Requires !error.ok().
inline absl::Status FatalError(absl::Status error) {
  error.SetPayload(kFatalErrorPayload, absl::Cord("1"));
  return error;
}

inline bool IsFatal(const absl::Status& status) {
  return status.GetPayload(kFatalErrorPayload).has_value();
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_FATAL_ERROR_H_
