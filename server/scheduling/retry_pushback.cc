#include "server/scheduling/retry_pushback.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

constexpr char kPayload[] = "nemf/retry-pushback-ms";

absl::Status WithPushback(absl::Status error, std::int64_t milliseconds) {
  error.SetPayload(kPayload, absl::Cord(absl::StrCat(milliseconds)));
  return error;
}

}  // namespace

absl::Status WithRetryAfter(absl::Status error, absl::Duration wait) {
  const absl::Duration rounded =
      absl::Ceil(std::clamp(wait, absl::Milliseconds(1), absl::Minutes(1)), absl::Milliseconds(1));
  return WithPushback(std::move(error), absl::ToInt64Milliseconds(rounded));
}

absl::Status WithoutRetry(absl::Status error) { return WithPushback(std::move(error), -1); }

std::optional<std::int64_t> RetryPushbackMs(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  std::int64_t milliseconds = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) return std::nullopt;
  return milliseconds;
}

}  // namespace nemf
