#ifndef NEMF_CLIENT_RENDER_SURFACE_PICTURE_H_
#define NEMF_CLIENT_RENDER_SURFACE_PICTURE_H_

#include <opencv2/core.hpp>

namespace nemf::client {

// A map (CV_32F in [0, 1], at least 2 x 2) as a surface over the reference seen from above its
// lower edge: height and colour are the value, the light comes from the upper left, and the base is
// `aspect` (width / height of the reference, > 0) wide. Drawn back to front into `size` pixels; BGR
// on paper.
cv::Mat DrawSurface(const cv::Mat& map, double aspect, cv::Size size);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_SURFACE_PICTURE_H_
