#ifndef NEMF_SERVER_SCHEDULING_RETRY_PUSHBACK_H_
#define NEMF_SERVER_SCHEDULING_RETRY_PUSHBACK_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Carries gRPC's server push-back (gRFC A6) as a payload of an absl::Status: the milliseconds after
// which a refused request may be tried again, or a negative number if a retry is useless.
namespace nemf {

// Returns `error` with a push-back of `wait`, rounded up to whole milliseconds and limited to
// [1 ms, 1 min]. Requires !error.ok().
absl::Status WithRetryAfter(absl::Status error, absl::Duration wait);

// Returns `error` with the push-back "do not retry". Requires !error.ok().
absl::Status WithoutRetry(absl::Status error);

// Returns the push-back of a status; nullopt if it carries none.
std::optional<std::int64_t> RetryPushbackMs(const absl::Status& status);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_RETRY_PUSHBACK_H_
