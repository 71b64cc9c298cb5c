#include "client/render/scalar_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

namespace nemf::client {
namespace {

// Where the level is passed between two neighbouring nodes.
cv::Point2f Crossing(cv::Point2f a, float value_a, cv::Point2f b, float value_b, float level) {
  const float t = (level - value_a) / (value_b - value_a);
  return a + t * (b - a);
}

float SmallestFinite(const std::vector<float>& values) {
  float smallest = std::numeric_limits<float>::infinity();
  for (const float value : values) {
    if (std::isfinite(value)) smallest = std::min(smallest, value);
  }
  return std::isfinite(smallest) ? smallest : 0.0f;
}

// The segments of the cell whose first node is (x, y).
void AddCell(const cv::Mat& map, int x, int y, float level, std::vector<ContourSegment>* segments) {
  // The corners in a circle; the side i goes from corner i to the next.
  const std::array<cv::Point, 4> corners = {{{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y + 1}}};
  std::array<float, 4> values;
  for (int i = 0; i < 4; ++i) values[i] = map.at<float>(corners[i]);
  // The points where the line passes a side: none, two or four, by turns downwards and upwards.
  std::vector<cv::Point2f> crossings;
  for (int i = 0; i < 4; ++i) {
    const int next = (i + 1) % 4;
    if ((values[i] > level) == (values[next] > level)) continue;
    crossings.push_back(Crossing(corners[i], values[i], corners[next], values[next], level));
  }
  if (crossings.size() == 2) segments->push_back({crossings[0], crossings[1]});
  if (crossings.size() != 4) return;
  // Each corner above the level is cut off by a line between the two sides that meet in it.
  const bool first_is_above = values[0] > level;
  for (const int i : {0, 2}) {
    const int side = first_is_above ? (i + 3) % 4 : i;
    segments->push_back({crossings[side], crossings[(side + 1) % 4]});
  }
}

}  // namespace

cv::Mat NormalizedMap(const std::vector<float>& values, int columns, int rows, double sigma) {
  cv::Mat map(rows, columns, CV_32F);
  const float smallest = SmallestFinite(values);
  for (int i = 0; i < rows * columns; ++i) {
    map.at<float>(i / columns, i % columns) = std::isfinite(values[i]) ? values[i] : smallest;
  }
  if (sigma > 0) cv::GaussianBlur(map, map, {0, 0}, sigma, sigma, cv::BORDER_REPLICATE);
  double low = 0;
  double high = 0;
  cv::minMaxLoc(map, &low, &high);
  if (high <= low) return cv::Mat::zeros(rows, columns, CV_32F);
  map.convertTo(map, CV_32F, 1 / (high - low), -low / (high - low));
  return map;
}

cv::Vec3b MapColor(float value) {
  static const cv::Mat table = [] {
    cv::Mat ramp(1, 256, CV_8U);
    for (int i = 0; i < 256; ++i) ramp.at<std::uint8_t>(0, i) = static_cast<std::uint8_t>(i);
    cv::Mat colors;
    cv::applyColorMap(ramp, colors, cv::COLORMAP_VIRIDIS);
    return colors;
  }();
  const float clamped = value > 0 ? std::min(value, 1.0f) : 0.0f;  // NaN too
  return table.at<cv::Vec3b>(0, static_cast<int>(std::lround(clamped * 255)));
}

std::vector<ContourSegment> FindContour(const cv::Mat& map, float level) {
  std::vector<ContourSegment> segments;
  for (int y = 0; y + 1 < map.rows; ++y) {
    for (int x = 0; x + 1 < map.cols; ++x) AddCell(map, x, y, level, &segments);
  }
  return segments;
}

cv::Point LargestNode(const cv::Mat& map) {
  cv::Point node;
  cv::minMaxLoc(map, nullptr, nullptr, nullptr, &node);
  return node;
}

}  // namespace nemf::client
