#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_REQUEST_VALIDATION_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_REQUEST_VALIDATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/scheduling/job.h"
#include "server/scheduling/priority.h"
#include "server/service/correspondence/request_limits.h"

// From messages to domain types. Every error is INVALID_ARGUMENT that names field, value and rule:
// "options.patchmatch_iterations = 100000, must be <= 1000".
namespace nemf {

// The preset's schedule with the request's overrides.
absl::StatusOr<MatchOptions> ToMatchOptions(const v1::MatchOptions& options,
                                            const RequestLimits& limits);

// The keypoints, checked for their number and for being finite: what can be told without the image.
absl::StatusOr<std::vector<Point>> ToKeypoints(
    const google::protobuf::RepeatedPtrField<v1::Point>& keypoints, const RequestLimits& limits);

// The iterations of a flow's previews.
absl::StatusOr<std::vector<int>> ToPreviewIterations(
    const google::protobuf::RepeatedField<std::uint32_t>& iterations, const RequestLimits& limits);

// What the numbers of a flow travel as: FLOAT32 or FLOAT16.
absl::StatusOr<v1::FlowType> ToFlowType(v1::FlowType type);

// The one point of a field, checked for being there and finite.
absl::StatusOr<Point> ToFieldPoint(const v1::SampleFieldRequest& request);

// A field's grid, with the defaults in place: columns x rows.
absl::StatusOr<ImageSize> ToFieldNodes(const v1::SampleFieldRequest& request,
                                       const RequestLimits& limits);

// Whether a field's point lies in [0, W-1] x [0, H-1] of the query image.
absl::Status CheckPointInside(Point point, ImageSize query);

// Whether all keypoints lie in [0, W-1] x [0, H-1] of the query image.
absl::Status CheckInside(const std::vector<Point>& keypoints, ImageSize query);

// The priority of a job of this kind: what the caller asks for in the metadata kPriorityKey, or,
// where that is empty, low for flows and normal for all else.
absl::StatusOr<Priority> ToPriority(const std::string& asked, JobKind kind);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_REQUEST_VALIDATION_H_
