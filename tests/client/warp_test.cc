#include "client/render/warp.h"

#include <gtest/gtest.h>

#include <limits>

namespace nemf::client {
namespace {

const cv::Vec3b kOutside(128, 128, 128);

// Every pixel different.
cv::Mat MakeImage(int width, int height) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.at<cv::Vec3b>(y, x) = cv::Vec3b(x, y, 7 * x + y);
  }
  return image;
}

FlowField Shift(int width, int height, float dx, float dy) {
  FlowField field;
  field.width = width;
  field.height = height;
  field.flow.assign(static_cast<std::size_t>(width) * height, {dx, dy});
  return field;
}

TEST(WarpTest, ShiftsByWholePixelsExactly) {
  const cv::Mat image = MakeImage(9, 7);
  for (const auto& [dx, dy] : {std::pair(0, 0), {2, 1}, {-3, 0}, {0, -6}, {8, 6}, {20, 0}}) {
    const cv::Mat warped = WarpReference(image, Shift(9, 7, dx, dy));
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < 9; ++x) {
        const bool inside = x + dx >= 0 && x + dx < 9 && y + dy >= 0 && y + dy < 7;
        const cv::Vec3b expected = inside ? image.at<cv::Vec3b>(y + dy, x + dx) : kOutside;
        EXPECT_EQ(warped.at<cv::Vec3b>(y, x), expected)
            << "shift " << dx << "," << dy << " at " << x << "," << y;
      }
    }
  }
}

TEST(WarpTest, InterpolatesBetweenPixels) {
  cv::Mat image(2, 2, CV_8UC3);
  image.at<cv::Vec3b>(0, 0) = {0, 0, 0};
  image.at<cv::Vec3b>(0, 1) = {100, 0, 0};
  image.at<cv::Vec3b>(1, 0) = {0, 200, 0};
  image.at<cv::Vec3b>(1, 1) = {100, 200, 0};
  const cv::Mat warped = WarpReference(image, Shift(1, 1, 0.25f, 0.5f));
  EXPECT_EQ(warped.at<cv::Vec3b>(0, 0), cv::Vec3b(25, 100, 0));
}

TEST(WarpTest, TakesTheQuerysSize) {
  const cv::Mat image = MakeImage(4, 4);
  EXPECT_EQ(WarpReference(image, Shift(1, 9, 0, 0)).size(), cv::Size(1, 9));
  EXPECT_EQ(WarpReference(image, Shift(9, 1, 0, 0)).size(), cv::Size(9, 1));
}

TEST(WarpTest, SurvivesWhatIsNotFinite) {
  const cv::Mat image = MakeImage(4, 4);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    EXPECT_EQ(WarpReference(image, Shift(1, 1, bad, 0)).at<cv::Vec3b>(0, 0), kOutside);
  }
}

}  // namespace
}  // namespace nemf::client
