#include "client/render/flow_color.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace nemf::client {
namespace {

// The hue in degrees, [0, 360).
double HueOf(const cv::Vec3b& bgr) {
  cv::Mat3f pixel(1, 1, cv::Vec3f(bgr[0], bgr[1], bgr[2]) / 255.0f);
  cv::cvtColor(pixel, pixel, cv::COLOR_BGR2HSV);
  return pixel(0, 0)[0];
}

cv::Vec3b At(double degrees, double magnitude) {
  const double angle = degrees * std::numbers::pi / 180;
  return FlowColor(static_cast<float>(magnitude * std::cos(angle)),
                   static_cast<float>(magnitude * std::sin(angle)));
}

FlowField FieldOf(std::vector<Displacement> flow) {
  FlowField field;
  field.width = static_cast<int>(flow.size());
  field.height = 1;
  field.flow = std::move(flow);
  return field;
}

TEST(FlowColorTest, ZeroIsWhite) {
  EXPECT_EQ(FlowColor(0, 0), cv::Vec3b(255, 255, 255));
  EXPECT_EQ(FlowColor(-0.0f, -0.0f), cv::Vec3b(255, 255, 255));
}

TEST(FlowColorTest, RightIsRed) {
  EXPECT_EQ(FlowColor(1, 0), cv::Vec3b(0, 0, 255));
  EXPECT_EQ(FlowColor(1, -0.0f), cv::Vec3b(0, 0, 255));
}

TEST(FlowColorTest, NotFiniteIsBlack) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(FlowColor(nan, 0), cv::Vec3b(0, 0, 0));
  EXPECT_EQ(FlowColor(0, std::numeric_limits<float>::infinity()), cv::Vec3b(0, 0, 0));
}

TEST(FlowColorTest, OppositeDirectionsHaveDistantHues) {
  for (int degrees = 0; degrees < 180; degrees += 5) {
    const double apart = std::abs(HueOf(At(degrees, 1)) - HueOf(At(degrees + 180, 1)));
    EXPECT_GT(std::min(apart, 360 - apart), 90) << "at " << degrees << " degrees";
  }
}

// Once round the wheel, the hue only grows.
TEST(FlowColorTest, HueFollowsTheDirection) {
  double last = -1;
  for (int degrees = 1; degrees < 340; degrees += 3) {
    const double hue = HueOf(At(degrees, 1));
    EXPECT_GE(hue, last) << "at " << degrees << " degrees";
    last = hue;
  }
}

TEST(FlowColorTest, SaturationFollowsTheMagnitude) {
  int last_blue = 256;
  for (double magnitude = 0; magnitude <= 1.0; magnitude += 0.125) {
    const int blue = FlowColor(static_cast<float>(magnitude), 0)[0];
    EXPECT_LT(blue, last_blue) << "at magnitude " << magnitude;
    last_blue = blue;
  }
}

TEST(FlowColorTest, BeyondOneIsDarkerAndConstant) {
  EXPECT_EQ(FlowColor(1.5f, 0), cv::Vec3b(0, 0, 191));
  EXPECT_EQ(FlowColor(100, 0), cv::Vec3b(0, 0, 191));
}

TEST(FlowScaleTest, IgnoresOutliersAndTheUnknown) {
  std::vector<Displacement> flow(200, Displacement{3, 4});
  flow[17] = {1000, 0};
  flow[18] = {std::numeric_limits<float>::quiet_NaN(), 0};
  EXPECT_FLOAT_EQ(FlowScale(FieldOf(flow)), 5);
}

TEST(FlowScaleTest, IsNeverZero) {
  EXPECT_GT(FlowScale(FieldOf({{0, 0}})), 0);
  EXPECT_GT(FlowScale(FieldOf({{std::numeric_limits<float>::infinity(), 0}})), 0);
}

TEST(ColorFlowTest, ColoursEveryPixel) {
  const cv::Mat picture = ColorFlow(FieldOf({{0, 0}, {8, 0}, {16, 0}}), 8);
  ASSERT_EQ(picture.size(), cv::Size(3, 1));
  EXPECT_EQ(picture.at<cv::Vec3b>(0, 0), cv::Vec3b(255, 255, 255));
  EXPECT_EQ(picture.at<cv::Vec3b>(0, 1), cv::Vec3b(0, 0, 255));
  EXPECT_EQ(picture.at<cv::Vec3b>(0, 2), cv::Vec3b(0, 0, 191));
}

}  // namespace
}  // namespace nemf::client
