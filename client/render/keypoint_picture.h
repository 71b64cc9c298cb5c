#ifndef NEMF_CLIENT_RENDER_KEYPOINT_PICTURE_H_
#define NEMF_CLIENT_RENDER_KEYPOINT_PICTURE_H_

#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "nemf/types.h"

namespace nemf::client {

// Returns the distance between a match and its true point, pixels.
inline double EndPointError(const Point& match, const Point& truth) {
  return std::hypot(match.x - truth.x, match.y - truth.y);
}

// The rule of the percentage of correct keypoints (PCK): a match is correct if its distance from
// the true point is at most alpha times the reference's longer side.
struct PckRule {
  double alpha = 0.05;  // > 0
  int longer_side = 0;  // of the reference, pixels

  double Threshold() const { return alpha * longer_side; }  // pixels
  bool Correct(const Point& match, const Point& truth) const {
    return EndPointError(match, truth) <= Threshold();
  }
};

// Draws query and reference side by side at the same height (360 to 800 pixels) with captions
// above, a legend below, and a line of its own colour from each keypoint to its match. Lines of
// matches outside the reference end at its border in a cross. The images and the result are 8-bit
// BGR.
cv::Mat DrawKeypoints(const cv::Mat& query, const cv::Mat& reference,
                      const std::vector<KeypointMatch>& matches);

// As above with the true points, in reference pixels and in the order of `matches`. Matches that
// are correct by PckRule are green, the others red. A thin line connects each match with a ring at
// its true point.
cv::Mat DrawKeypoints(const cv::Mat& query, const cv::Mat& reference,
                      const std::vector<KeypointMatch>& matches, const std::vector<Point>& truth,
                      double alpha);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_KEYPOINT_PICTURE_H_
