#include "server/scheduling/scheduler_options.h"

#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

absl::Status AtLeast(const char* name, std::int64_t value, std::int64_t minimum) {
  if (value >= minimum) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("SchedulerOptions.", name, " = ", value, ", must be >= ", minimum));
}

}  // namespace

absl::Status SchedulerOptions::Validate() const {
  absl::Status status = AtLeast("max_queued_jobs", max_queued_jobs, 1);
  status.Update(AtLeast("max_queued_bytes", max_queued_bytes, 1));
  if (!(max_queued_seconds > 0)) {  // NaN too
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "SchedulerOptions.max_queued_seconds = ", max_queued_seconds, ", must be > 0")));
  }
  status.Update(AtLeast("max_queued_per_client", max_queued_per_client, 0));
  status.Update(AtLeast("pair_cache_bytes", pair_cache_bytes, 0));
  status.Update(AtLeast("max_encoder_batch", max_encoder_batch, 1));
  status.Update(AtLeast("max_active_jobs", max_active_jobs, 1));
  if (quantum <= absl::ZeroDuration()) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "SchedulerOptions.quantum = ", absl::FormatDuration(quantum), ", must be > 0")));
  }
  status.Update(AtLeast("min_quantum_queries", min_quantum_queries, 64));
  return status;
}

}  // namespace nemf
