#ifndef NEMF_CLIENT_RENDER_WARP_H_
#define NEMF_CLIENT_RENDER_WARP_H_

#include <opencv2/core.hpp>

#include "nemf/flow_field.h"

namespace nemf::client {

// The reference (8-bit BGR) as it looks from the query: pixel (x, y) is the reference's at
// (x, y) + flow(x, y), bilinearly interpolated. Pixels whose match is not finite or lies outside
// the reference are mid-grey. The result has the field's size.
cv::Mat WarpReference(const cv::Mat& reference, const FlowField& field);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_WARP_H_
