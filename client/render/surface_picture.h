#ifndef NEMF_CLIENT_RENDER_SURFACE_PICTURE_H_
#define NEMF_CLIENT_RENDER_SURFACE_PICTURE_H_

#include <opencv2/core.hpp>

namespace nemf::client {

// Draws a map (CV_32F in [0, 1], at least 2 x 2) as a surface over the reference, seen from above
// its lower edge. Height and colour are the value, and light comes from the upper left. `aspect` is
// width / height of the reference, > 0. The result has `size` pixels, 8-bit BGR.
cv::Mat DrawSurface(const cv::Mat& map, double aspect, cv::Size size);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_SURFACE_PICTURE_H_
