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

// What is asked.
struct TrafficOptions {
  double flow_share = 0;   // of the requests that are dense flows, 0 to 1
  int keypoints = 10;      // of a keypoint request, 1 to 10,000
  std::uint64_t seed = 0;  // of kinds, pairs and keypoints

  // kInvalidArgument that names the first broken rule.
  client::Status Validate() const;
};

// One request, as drawn.
struct RequestPlan {
  RequestKind kind = RequestKind::kKeypoints;
  std::size_t query = 0;                 // index of a photograph
  std::size_t reference = 0;             // index of another one
  std::vector<client::Point> keypoints;  // inside the query; empty for a flow
};

// Request number `index`. It depends on the arguments alone, so a run asks the same whatever the
// order in which its answers come. Requires options.Validate().ok() and two photographs or more.
RequestPlan PlanRequest(const TrafficOptions& options, const std::vector<Photograph>& photographs,
                        std::uint64_t index);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_TRAFFIC_H_
