#include <gtest/gtest.h>

#include <limits>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "client/render/file_formats.h"
#include "client/render/flow_color.h"
#include "client/render/flow_picture.h"
#include "client/render/keypoint_picture.h"

namespace nemf::client {
namespace {

const cv::Vec3b kGreen(80, 200, 40);
const cv::Vec3b kRed(50, 40, 230);

cv::Mat Grey(int width, int height) {
  return cv::Mat(height, width, CV_8UC3, cv::Scalar(120, 120, 120));
}

int Count(const cv::Mat& picture, const cv::Vec3b& color) {
  cv::Mat mask;
  cv::inRange(picture, color, color, mask);
  return cv::countNonZero(mask);
}

KeypointMatch MatchOf(Point query, Point reference, bool in_bounds = true) {
  return {.query = query, .reference = reference, .in_bounds = in_bounds};
}

TEST(FlowPictureTest, ShowsTheFieldOverALegend) {
  FlowField field;
  field.width = 500;
  field.height = 30;
  field.flow.assign(500 * 30, {5, 0});
  const cv::Mat picture = DrawFlow(field);
  EXPECT_EQ(picture.cols, 500);
  EXPECT_GT(picture.rows, 30);
  EXPECT_EQ(picture.at<cv::Vec3b>(29, 499), FlowColor(1, 0));
  EXPECT_EQ(picture.at<cv::Vec3b>(picture.rows - 1, 0), cv::Vec3b(255, 255, 255));
}

TEST(FlowPictureTest, WidensForTheLegend) {
  FlowField field;
  field.width = 1;
  field.height = 1;
  field.flow = {{std::numeric_limits<float>::quiet_NaN(), 0}};
  EXPECT_GT(DrawFlow(field).cols, 100);
}

TEST(KeypointPictureTest, DrawsTheCorrectGreenAndTheWrongRed) {
  const cv::Mat image = Grey(200, 100);
  const std::vector<KeypointMatch> matches = {MatchOf({20, 20}, {30, 20}),
                                              MatchOf({20, 80}, {150, 80})};
  // Alpha 0.05 of 200 pixels: 10 pixels.
  const cv::Mat both = DrawKeypoints(image, image, matches, {{30, 30}, {150, 20}}, 0.05);
  EXPECT_GT(Count(both, kGreen), 50);
  EXPECT_GT(Count(both, kRed), 50);
  const cv::Mat good = DrawKeypoints(image, image, matches, {{30, 20}, {150, 80}}, 0.05);
  EXPECT_GT(Count(good, kGreen), 100);
  EXPECT_EQ(Count(good, kRed), 0);
}

TEST(KeypointPictureTest, DrawsOddImagesAndFarMatches) {
  const std::vector<KeypointMatch> matches = {MatchOf({0, 0}, {-1e6f, 1e6f}, false),
                                              MatchOf({0, 0}, {0, 0})};
  for (const cv::Size query : {cv::Size(1, 1), cv::Size(1, 900), cv::Size(900, 1)}) {
    const cv::Mat picture = DrawKeypoints(Grey(query.width, query.height), Grey(37, 11), matches);
    EXPECT_FALSE(picture.empty());
    EXPECT_LE(picture.cols, 2500);
  }
}

TEST(ImageFileTest, RoundTripsAPng) {
  const cv::Mat image = Grey(5, 3);
  const Result<std::string> png = EncodePng(image);
  ASSERT_TRUE(png.ok());
  const Result<cv::Mat> read = DecodeImage(*png);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(cv::norm(*read, image, cv::NORM_INF), 0);
}

TEST(ImageFileTest, RefusesWhatIsNoImage) {
  EXPECT_EQ(DecodeImage("").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(DecodeImage("not an image").status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace nemf::client
