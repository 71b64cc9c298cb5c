#include "client/render/warp.h"

#include <algorithm>
#include <cmath>

namespace nemf::client {
namespace {

const cv::Vec3b kOutside(128, 128, 128);

// Samples the image at (x, y), which must lie inside [0, W-1] x [0, H-1].
cv::Vec3b Sample(const cv::Mat& image, float x, float y) {
  const int left = static_cast<int>(x);
  const int top = static_cast<int>(y);
  const int right = std::min(left + 1, image.cols - 1);
  const int bottom = std::min(top + 1, image.rows - 1);
  const float fx = x - left;
  const float fy = y - top;
  cv::Vec3b value;
  for (int c = 0; c < 3; ++c) {
    const auto at = [&](int row, int column) {
      return static_cast<float>(image.at<cv::Vec3b>(row, column)[c]);
    };
    const float upper = at(top, left) * (1 - fx) + at(top, right) * fx;
    const float lower = at(bottom, left) * (1 - fx) + at(bottom, right) * fx;
    value[c] = static_cast<unsigned char>(std::lround(upper * (1 - fy) + lower * fy));
  }
  return value;
}

// Returns false for NaN too.
bool Inside(const cv::Mat& image, float x, float y) {
  return x >= 0 && y >= 0 && x <= static_cast<float>(image.cols - 1) &&
         y <= static_cast<float>(image.rows - 1);
}

}  // namespace

cv::Mat WarpReference(const cv::Mat& reference, const FlowField& field) {
  CV_Assert(reference.type() == CV_8UC3);
  cv::Mat warped(field.height, field.width, CV_8UC3);
  for (int y = 0; y < field.height; ++y) {
    for (int x = 0; x < field.width; ++x) {
      const Displacement& d = field.at(x, y);
      const float to_x = static_cast<float>(x) + d.dx;
      const float to_y = static_cast<float>(y) + d.dy;
      warped.at<cv::Vec3b>(y, x) =
          Inside(reference, to_x, to_y) ? Sample(reference, to_x, to_y) : kOutside;
    }
  }
  return warped;
}

}  // namespace nemf::client
