#ifndef NEMF_CLIENT_RENDER_FIELD_PICTURE_H_
#define NEMF_CLIENT_RENDER_FIELD_PICTURE_H_

#include <opencv2/core.hpp>

#include "nemf/types.h"

namespace nemf::client {

// The query with its point marked; beside it the encoder's coarse cost and the matching field of
// that point, each as contours over the reference (a cross at the largest value) with its surface
// below. Both are moved to [0, 1] for themselves, so shapes compare and values do not. Images are
// 8-bit BGR; the result too. `sigma`: of a Gaussian in nodes that smooths both; 0: none.
cv::Mat DrawField(const cv::Mat& query, const cv::Mat& reference, const Point& point,
                  const FieldSample& field, double sigma = 0);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FIELD_PICTURE_H_
