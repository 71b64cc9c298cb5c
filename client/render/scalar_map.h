#ifndef NEMF_CLIENT_RENDER_SCALAR_MAP_H_
#define NEMF_CLIENT_RENDER_SCALAR_MAP_H_

#include <opencv2/core.hpp>
#include <vector>

namespace nemf::client {

// Pictures of a scalar on a grid of nodes, as CV_32F maps [rows][columns].

// The values (row-major) smoothed by a Gaussian of `sigma` nodes (0: as they are) and moved to
// [0, 1], the smallest to 0. A flat map is 0 everywhere; values that are not finite count as the
// smallest. Requires columns * rows values, at least one.
cv::Mat NormalizedMap(const std::vector<float>& values, int columns, int rows, double sigma = 0);

// The colour (8-bit BGR) of a value in [0, 1]: from dark violet over green to yellow.
cv::Vec3b MapColor(float value);

// A line of equal value: from one side of a cell to another, in node units (x, y).
struct ContourSegment {
  cv::Point2f from;
  cv::Point2f to;
};

// The line map = level by marching squares, in no order. A cell whose opposite corners are above
// the level gets two segments, which keep the corners above it apart.
std::vector<ContourSegment> FindContour(const cv::Mat& map, float level);

// The node of the largest value; the first where there are several.
cv::Point LargestNode(const cv::Mat& map);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_SCALAR_MAP_H_
