#ifndef NEMF_SERVER_ENGINE_FATAL_ERROR_H_
#define NEMF_SERVER_ENGINE_FATAL_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

// Errors after which a device fails every call until the process is restarted. Most errors of CUDA
// are of this kind ("sticky").
namespace nemf {

inline constexpr char kFatalErrorPayload[] = "nemf/fatal-device-error";

// Returns `error`, marked as fatal. Requires !error.ok().
inline absl::Status FatalError(absl::Status error) {
  error.SetPayload(kFatalErrorPayload, absl::Cord("1"));
  return error;
}

// Returns whether `status` was marked as fatal.
inline bool IsFatal(const absl::Status& status) {
  return status.GetPayload(kFatalErrorPayload).has_value();
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_FATAL_ERROR_H_
