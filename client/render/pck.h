#ifndef NEMF_CLIENT_RENDER_PCK_H_
#define NEMF_CLIENT_RENDER_PCK_H_

#include <cmath>

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

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_PCK_H_
