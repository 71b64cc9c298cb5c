#ifndef NEMF_CLIENT_LOAD_TRAFFIC_H_
#define NEMF_CLIENT_LOAD_TRAFFIC_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client/load/photographs.h"
#include "nemf/status.h"
#include "nemf/types.h"

namespace nemf::load {

enum class RequestKind { kKeypoints, kFlow };

// The mix of requests.
struct TrafficOptions {
  double flow_share = 0;   // fraction of dense flows, 0 to 1
  int keypoints = 10;      // of a keypoint request, 1 to 10,000
  std::uint64_t seed = 0;  // of kinds, pairs and keypoints

  // Returns kInvalidArgument that names the first broken rule, or success.
  client::Status Validate() const;
};

// A drawn request.
struct RequestPlan {
  RequestKind kind = RequestKind::kKeypoints;
  std::size_t query = 0;                 // index of a photograph
  std::size_t reference = 0;             // index of another one
  std::vector<client::Point> keypoints;  // inside the query; empty for a flow
};

// Draws request number `index`. The result depends only on the arguments, so a run sends the same
// requests in any order of the answers. Requires options.Validate().ok() and at least two
// photographs.
RequestPlan PlanRequest(const TrafficOptions& options, const std::vector<Photograph>& photographs,
                        std::uint64_t index);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_TRAFFIC_H_
