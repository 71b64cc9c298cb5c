#ifndef NEMF_SERVER_SERVICE_REQUEST_VALIDATION_H_
#define NEMF_SERVER_SERVICE_REQUEST_VALIDATION_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/service/request_limits.h"

// From messages to domain types. Every error is INVALID_ARGUMENT that names field, value and rule:
// "options.patchmatch_iterations = 100000, must be <= 1000".
namespace nemf {

// The preset's schedule with the request's overrides.
absl::StatusOr<MatchOptions> ToMatchOptions(const v1::MatchOptions& options,
                                            const RequestLimits& limits);

// The keypoints, checked for their number and for being finite: what can be told without the image.
absl::StatusOr<std::vector<Point>> ToKeypoints(
    const google::protobuf::RepeatedPtrField<v1::Point>& keypoints, const RequestLimits& limits);

// Whether all keypoints lie in [0, W-1] x [0, H-1] of the query image.
absl::Status CheckInside(const std::vector<Point>& keypoints, ImageSize query);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_REQUEST_VALIDATION_H_
