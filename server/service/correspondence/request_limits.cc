#include "server/service/correspondence/request_limits.h"

#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

absl::Status AtLeast(const char* name, std::int64_t value, std::int64_t least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("RequestLimits.", name, " = ", value, ", must be >= ", least));
}

}  // namespace

absl::Status RequestLimits::Validate() const {
  absl::Status status = AtLeast("max_image_bytes", max_image_bytes, 1);
  status.Update(AtLeast("max_image_pixels", max_image_pixels, 1));
  status.Update(AtLeast("max_image_side", max_image_side, 1));
  if (max_image_side > 65'500) {
    status.Update(absl::InvalidArgumentError(
        absl::StrCat("RequestLimits.max_image_side = ", max_image_side, ", must be <= 65500")));
  }
  status.Update(AtLeast("max_keypoints", max_keypoints, 1));
  status.Update(AtLeast("max_patchmatch_iterations", max_patchmatch_iterations, 0));
  status.Update(AtLeast("max_optimize_steps", max_optimize_steps, 0));
  status.Update(AtLeast("max_stream_pairs", max_stream_pairs, 1));
  status.Update(AtLeast("max_field_nodes", max_field_nodes, 4));
  if (max_field_nodes > 100'000) {
    status.Update(absl::InvalidArgumentError(
        absl::StrCat("RequestLimits.max_field_nodes = ", max_field_nodes, ", must be <= 100000")));
  }
  status.Update(AtLeast("max_preview_bytes", max_preview_bytes, 1));
  return status;
}

}  // namespace nemf
