#ifndef NEMF_CLIENT_RENDER_SCALAR_MAP_H_
#define NEMF_CLIENT_RENDER_SCALAR_MAP_H_

#include <opencv2/core.hpp>
#include <vector>

namespace nemf::client {

// Scalars on a grid, as CV_32F maps [rows][columns].

// Smooths the values (row-major) by a Gaussian with a standard deviation of `sigma` samples (0: no
// smoothing) and scales them to [0, 1]. A constant map becomes 0. Values that are not finite are
// replaced by the smallest one. Requires columns * rows values, at least one.
cv::Mat NormalizedMap(const std::vector<float>& values, int columns, int rows, double sigma = 0);

// Returns the colour (8-bit BGR) of a value in [0, 1], from dark violet through green to yellow.
cv::Vec3b MapColor(float value);

// A segment of a contour, from one side of a grid cell to another, in grid units (x, y).
struct ContourSegment {
  cv::Point2f from;
  cv::Point2f to;
};

// Returns the contour map = level by marching squares, in no particular order. A cell with two
// opposite corners above the level gets two segments that separate these corners.
std::vector<ContourSegment> FindContour(const cv::Mat& map, float level);

// Returns the position of the largest value, the first of them if there are several.
cv::Point LargestNode(const cv::Mat& map);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_SCALAR_MAP_H_
