#ifndef NEMF_CLIENT_RENDER_WARP_H_
#define NEMF_CLIENT_RENDER_WARP_H_

#include <opencv2/core.hpp>

#include "nemf/flow_field.h"

namespace nemf::client {

// Warps the reference (8-bit BGR) to the query: pixel (x, y) of the result is the reference at
// (x, y) + flow(x, y), bilinearly interpolated. It is mid-grey if the match is not finite or lies
// outside the reference. The result has the size of the flow.
cv::Mat WarpReference(const cv::Mat& reference, const FlowField& field);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_WARP_H_
