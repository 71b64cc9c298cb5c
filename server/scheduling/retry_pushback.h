#ifndef NEMF_SERVER_SCHEDULING_RETRY_PUSHBACK_H_
#define NEMF_SERVER_SCHEDULING_RETRY_PUSHBACK_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

// When a refused request may be tried again, told inside of its status. The number is that of
// gRPC's retry design (gRFC A6, "pushback"): milliseconds to wait, or a negative one where a retry
// has no use.
namespace nemf {

// `error`, to be tried again after `wait`, which is rounded up to whole milliseconds, from 1 ms to
// 1 minute. Requires !error.ok().
absl::Status WithRetryAfter(absl::Status error, absl::Duration wait);

// `error`, not to be tried again. Requires !error.ok().
absl::Status WithoutRetry(absl::Status error);

// The number that one of the above put into the status, if any.
std::optional<std::int64_t> RetryPushbackMs(const absl::Status& status);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_RETRY_PUSHBACK_H_
