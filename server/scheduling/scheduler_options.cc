#include "absl/strings/str_cat.h"
#include "server/scheduling/scheduler.h"

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
  status.Update(AtLeast("max_encoder_batch", max_encoder_batch, 1));
  status.Update(AtLeast("max_active_jobs", max_active_jobs, 1));
  status.Update(AtLeast("chunk_queries", chunk_queries, 64));
  return status;
}

}  // namespace nemf
