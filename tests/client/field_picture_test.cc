#include "client/render/field_picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <vector>

#include "client/render/file_formats.h"
#include "client/render/flow_color.h"
#include "client/render/flow_picture.h"
#include "client/render/scalar_map.h"
#include "client/render/surface_picture.h"

namespace nemf::client {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool IsPaper(const cv::Vec3b& color) { return color == cv::Vec3b(255, 255, 255); }

int CountInk(const cv::Mat& picture) {
  int ink = 0;
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) ink += !IsPaper(picture.at<cv::Vec3b>(y, x));
  }
  return ink;
}

int RowsWithInk(const cv::Mat& picture) {
  int rows = 0;
  for (int y = 0; y < picture.rows; ++y) rows += CountInk(picture.row(y)) > 0;
  return rows;
}

TEST(ScalarMapTest, MovesValuesToTheUnitInterval) {
  const cv::Mat map = NormalizedMap({-3, kNan, 1, 5}, 2, 2);
  EXPECT_EQ(map.at<float>(0, 0), 0);
  EXPECT_EQ(map.at<float>(0, 1), 0);
  EXPECT_EQ(map.at<float>(1, 0), 0.5f);
  EXPECT_EQ(map.at<float>(1, 1), 1);
  EXPECT_EQ(cv::countNonZero(NormalizedMap({2, 2, 2, 2}, 2, 2)), 0);
  EXPECT_EQ(cv::countNonZero(NormalizedMap({kNan, kNan}, 2, 1)), 0);
}

TEST(ScalarMapTest, SmoothingSpreadsAPeak) {
  std::vector<float> peak(81, 0.0f);
  peak[40] = 1;
  EXPECT_EQ(NormalizedMap(peak, 9, 9).at<float>(4, 6), 0);
  EXPECT_GT(NormalizedMap(peak, 9, 9, 1.5).at<float>(4, 6), 0.1f);
}

TEST(ScalarMapTest, FindsTheLargestNode) {
  EXPECT_EQ(LargestNode(NormalizedMap({1, 2, 3, 9, 5, 6}, 3, 2)), cv::Point(0, 1));
}

// A plane's contour is a straight line.
TEST(ContourTest, OfAPlane) {
  cv::Mat map(4, 5, CV_32F);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 5; ++x) map.at<float>(y, x) = static_cast<float>(x) / 4;
  }
  const std::vector<ContourSegment> segments = FindContour(map, 0.4f);
  ASSERT_EQ(segments.size(), 3);  // one a row of cells
  for (const ContourSegment& each : segments) {
    EXPECT_NEAR(each.from.x, 1.6f, 1e-5f);
    EXPECT_NEAR(each.to.x, 1.6f, 1e-5f);
    EXPECT_EQ(std::abs(each.from.y - each.to.y), 1);
  }
  EXPECT_TRUE(FindContour(map, 2).empty());
}

// Of a circle's distance: closed, and at the radius everywhere.
TEST(ContourTest, OfACone) {
  constexpr int kSize = 41;
  cv::Mat map(kSize, kSize, CV_32F);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) map.at<float>(y, x) = std::hypot(x - 20.0f, y - 20.0f);
  }
  const std::vector<ContourSegment> segments = FindContour(map, 12.3f);
  double length = 0;
  for (const ContourSegment& each : segments) {
    EXPECT_NEAR(std::hypot(each.from.x - 20, each.from.y - 20), 12.3, 0.02);
    length += std::hypot(each.from.x - each.to.x, each.from.y - each.to.y);
  }
  EXPECT_NEAR(length, 2 * 3.14159265 * 12.3, 0.5);
}

// In a saddle each corner above the level is cut off for itself.
TEST(ContourTest, OfASaddle) {
  for (const bool first_is_above : {true, false}) {
    const float a = first_is_above ? 1.0f : 0.0f;
    const cv::Mat map = (cv::Mat_<float>(2, 2) << a, 1 - a, 1 - a, a);
    const std::vector<ContourSegment> segments = FindContour(map, 0.8f);
    ASSERT_EQ(segments.size(), 2);
    for (const ContourSegment& each : segments) {
      EXPECT_NEAR(std::hypot(each.from.x - each.to.x, each.from.y - each.to.y), 0.2 * std::sqrt(2),
                  1e-5);
    }
  }
}

TEST(SurfaceTest, FitsAndShowsHeight) {
  cv::Mat peak = cv::Mat::zeros(33, 33, CV_32F);
  peak.at<float>(16, 16) = 1;
  for (const double aspect : {0.3, 1.0, 4.0}) {
    const cv::Size size(320, 240);
    const cv::Mat flat = DrawSurface(cv::Mat::zeros(33, 33, CV_32F), aspect, size);
    const cv::Mat high = DrawSurface(peak, aspect, size);
    EXPECT_EQ(high.size(), size);
    EXPECT_GT(CountInk(flat), 1000);
    // The peak stands out of the plane.
    EXPECT_GT(RowsWithInk(high), RowsWithInk(flat)) << "aspect " << aspect;
    for (int x = 0; x < size.width; ++x) {
      EXPECT_TRUE(IsPaper(high.at<cv::Vec3b>(0, x)));
      EXPECT_TRUE(IsPaper(high.at<cv::Vec3b>(size.height - 1, x)));
    }
  }
}

TEST(FieldPictureTest, DrawsBothForAnyShapes) {
  FieldSample field;
  field.columns = 5;
  field.rows = 4;
  for (int i = 0; i < 20; ++i) {
    field.scores.push_back(static_cast<float>(i));
    field.cost.push_back(static_cast<float>(-i));
  }
  for (const cv::Size query : {cv::Size(1, 1), cv::Size(300, 200), cv::Size(5000, 10)}) {
    for (const cv::Size reference : {cv::Size(1, 1), cv::Size(200, 300), cv::Size(10, 3000)}) {
      const cv::Mat picture =
          DrawField(cv::Mat(query, CV_8UC3, cv::Scalar(90, 90, 90)),
                    cv::Mat(reference, CV_8UC3, cv::Scalar(90, 90, 90)), {0, 0}, field, 0.5);
      EXPECT_EQ(picture.type(), CV_8UC3);
      EXPECT_LE(picture.cols, 2200);
      EXPECT_GT(CountInk(picture), 5000);
    }
  }
}

FlowField Uniform(float dx) {
  FlowField field;
  field.width = 40;
  field.height = 30;
  field.flow.assign(1200, {dx, 0});
  return field;
}

TEST(FlowRowTest, PutsTheStatesSideBySideAtOneScale) {
  const FlowField none = Uniform(0);
  const FlowField full = Uniform(8);
  const cv::Mat reference(50, 60, CV_8UC3, cv::Scalar(10, 200, 30));
  const cv::Mat one = DrawFlowRow({{"a", &full}}, reference);
  const cv::Mat two = DrawFlowRow({{"a", &none}, {"b", &full}}, reference);
  EXPECT_EQ(two.rows, one.rows);
  EXPECT_GT(two.cols, one.cols);
  const auto count = [&two](const cv::Vec3b& color) {
    cv::Mat mask;
    cv::inRange(two, color, color, mask);
    return cv::countNonZero(mask);
  };
  EXPECT_GT(count(FlowColor(1, 0)), 1200);             // the last, fully saturated
  EXPECT_GT(count(cv::Vec3b(10, 200, 30)), 2 * 1200);  // both warps
}

TEST(NpyFileTest, HasNumPysHeader) {
  const std::string bytes = EncodeNpy({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  ASSERT_EQ(bytes.size(), 64 * 2 + 24);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, 58), "{'descr': '<f4', 'fortran_order': False, 'shape': (2,3,1,)");
  EXPECT_EQ(bytes[127], '\n');
}

}  // namespace
}  // namespace nemf::client
