#ifndef NEMF_CLIENT_RENDER_FIELD_PICTURE_H_
#define NEMF_CLIENT_RENDER_FIELD_PICTURE_H_

#include <opencv2/core.hpp>

#include "nemf/types.h"

namespace nemf::client {

// Draws the query with its point marked, the encoder's coarse cost and the matching field. Each of
// the two is drawn as contours over the reference, with a cross at the largest value, and as a
// surface below. Each is scaled to [0, 1] on its own, so only their shapes can be compared. `sigma`
// is the standard deviation, in samples, of the Gaussian that smooths both; 0: none. The images and
// the result are 8-bit BGR.
cv::Mat DrawField(const cv::Mat& query, const cv::Mat& reference, const Point& point,
                  const FieldSample& field, double sigma = 0);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FIELD_PICTURE_H_
