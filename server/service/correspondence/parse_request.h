#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_PARSE_REQUEST_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_PARSE_REQUEST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/scheduling/job.h"
#include "server/scheduling/priority.h"
#include "server/service/correspondence/request_limits.h"
#include "server/service/images/image_source.h"

// Converts request messages to domain types. The functions are pure. Every error is
// INVALID_ARGUMENT that names field, value and rule:
// "options.patchmatch_iterations = 100000, must be <= 1000".
namespace nemf {

// Checks all of a request that does not depend on its images: options, number of points, limits.
absl::StatusOr<KeypointsSpec> ParseTransfer(const v1::TransferKeypointsRequest& request,
                                            const RequestLimits& limits);
absl::StatusOr<FlowSpec> ParseFlow(const v1::ComputeFlowRequest& request,
                                   const RequestLimits& limits);
absl::StatusOr<FieldSpec> ParseField(const v1::SampleFieldRequest& request,
                                     const RequestLimits& limits);

// Checks that the points of a job lie in [0, W-1] x [0, H-1] of the decoded query image.
absl::Status CheckInside(const JobSpec& spec, ImageSize query);

// Returns the preset's schedule with the request's overrides.
absl::StatusOr<MatchOptions> ToMatchOptions(const v1::MatchOptions& options,
                                            const RequestLimits& limits);

// Returns the priority named by `asked`, the metadata kPriorityKey. If that is empty: low for flows
// and normal for all other jobs.
absl::StatusOr<Priority> ToPriority(const std::string& asked, JobKind kind);

// Returns a view of the message's image, which outlives it.
ImageSource ToImageSource(const v1::Image& image);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_PARSE_REQUEST_H_
