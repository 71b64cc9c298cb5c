#ifndef NEMF_CLIENT_RENDER_KEYPOINT_PICTURE_H_
#define NEMF_CLIENT_RENDER_KEYPOINT_PICTURE_H_

#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "nemf/types.h"

namespace nemf::client {

// The distance between a match and its true point, pixels.
inline double EndPointError(const Point& match, const Point& truth) {
  return std::hypot(match.x - truth.x, match.y - truth.y);
}

// The rule of the percentage of correct keypoints: a match is correct within alpha times the
// reference's longer side of its true point.
struct PckRule {
  double alpha = 0.05;  // > 0
  int longer_side = 0;  // of the reference, pixels

  double Threshold() const { return alpha * longer_side; }  // pixels
  bool Correct(const Point& match, const Point& truth) const {
    return EndPointError(match, truth) <= Threshold();
  }
};

// Query and reference side by side at one height (360 to 800 pixels), with a line from each
// keypoint to its match, a caption over each and a legend below. Both are 8-bit BGR; the result
// too.
//
// One colour a keypoint. Matches outside the reference end at its border in a cross.
cv::Mat DrawKeypoints(const cv::Mat& query, const cv::Mat& reference,
                      const std::vector<KeypointMatch>& matches);

// With the true points, in reference pixels and the order of `matches`: green where correct by
// PckRule, red where not, with a ring at the truth and a thin line from the match to it.
cv::Mat DrawKeypoints(const cv::Mat& query, const cv::Mat& reference,
                      const std::vector<KeypointMatch>& matches, const std::vector<Point>& truth,
                      double alpha);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_KEYPOINT_PICTURE_H_
