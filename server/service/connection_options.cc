#include "server/service/connection_options.h"

#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

absl::Status CheckSeconds(const char* name, int value, int least) {
  constexpr int kMost = 1'000'000;  // gRPC takes milliseconds in an int
  if (value >= least && value <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("ConnectionOptions.", name, " = ", value,
                                                 ", must be >= ", least, " and <= ", kMost));
}

}  // namespace

absl::Status ConnectionOptions::Validate() const {
  absl::Status status = CheckSeconds("keepalive_seconds", keepalive_seconds, 1);
  status.Update(CheckSeconds("keepalive_timeout_seconds", keepalive_timeout_seconds, 1));
  status.Update(CheckSeconds("max_age_seconds", max_age_seconds, 0));
  status.Update(CheckSeconds("max_age_grace_seconds", max_age_grace_seconds, 0));
  return status;
}

}  // namespace nemf
