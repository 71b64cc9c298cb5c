#include "client/render/field_picture.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "client/render/picture_text.h"
#include "client/render/scalar_map.h"
#include "client/render/surface_picture.h"

namespace nemf::client {
namespace {

constexpr int kMargin = 12;  // around everything and between the panels, pixels
constexpr int kLevels = 9;   // contours, evenly spaced between 0 and 1
constexpr int kFiner = 4;    // nodes of the contours' map for one of the field's
constexpr int kSubpixelBits = 4;
constexpr int kMaxPanelWidth = 640;
constexpr int kMinPanelWidth = 240;
constexpr double kColorShare = 0.55;  // of the colours over the grey photograph

// The image scaled to a height.
cv::Mat ScaleTo(const cv::Mat& image, cv::Size size) {
  cv::Mat scaled;
  cv::resize(image, scaled, size, 0, 0,
             size.height < image.rows ? cv::INTER_AREA : cv::INTER_CUBIC);
  return scaled;
}

// A panel for an image: its shape, not wider nor higher than it may be.
cv::Size PanelSize(const cv::Mat& image, int height) {
  double scale = static_cast<double>(height) / image.rows;
  scale = std::min(scale, static_cast<double>(kMaxPanelWidth) / image.cols);
  return {std::max(1, static_cast<int>(std::lround(image.cols * scale))),
          std::max(1, static_cast<int>(std::lround(image.rows * scale)))};
}

cv::Point Fixed(double x, double y) {
  const double one = 1 << kSubpixelBits;
  return {static_cast<int>(std::lround(x * one)), static_cast<int>(std::lround(y * one))};
}

void DrawCross(cv::Mat* picture, cv::Point2d at) {
  const cv::Point place(static_cast<int>(std::lround(at.x)), static_cast<int>(std::lround(at.y)));
  cv::drawMarker(*picture, place, kPaper, cv::MARKER_TILTED_CROSS, 18, 5, cv::LINE_AA);
  cv::drawMarker(*picture, place, cv::Scalar(50, 40, 230), cv::MARKER_TILTED_CROSS, 15, 2,
                 cv::LINE_AA);
}

// A map with nodes between its nodes, for smooth lines; node (x, y) becomes kFiner * (x, y).
cv::Mat Refine(const cv::Mat& map) {
  const cv::Size size((map.cols - 1) * kFiner + 1, (map.rows - 1) * kFiner + 1);
  cv::Mat x(size, CV_32F);
  cv::Mat y(size, CV_32F);
  for (int row = 0; row < size.height; ++row) {
    for (int column = 0; column < size.width; ++column) {
      x.at<float>(row, column) = static_cast<float>(column) / kFiner;
      y.at<float>(row, column) = static_cast<float>(row) / kFiner;
    }
  }
  cv::Mat fine;
  cv::remap(map, fine, x, y, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  return fine;
}

// Contours of the map in colours over the reference in grey.
cv::Mat DrawContours(const cv::Mat& reference, const cv::Mat& map, cv::Size size) {
  cv::Mat grey;
  cv::cvtColor(ScaleTo(reference, size), grey, cv::COLOR_BGR2GRAY);
  cv::cvtColor(grey, grey, cv::COLOR_GRAY2BGR);
  const cv::Mat fine = Refine(map);
  // Node units to pixels: the outermost nodes are the centres of the outermost pixels.
  const double scale_x = static_cast<double>(size.width - 1) / (fine.cols - 1);
  const double scale_y = static_cast<double>(size.height - 1) / (fine.rows - 1);
  cv::Mat colors(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int column = size.width > 1 ? static_cast<int>(std::lround(x / scale_x)) : 0;
      const int row = size.height > 1 ? static_cast<int>(std::lround(y / scale_y)) : 0;
      colors.at<cv::Vec3b>(y, x) = MapColor(fine.at<float>(row, column));
    }
  }
  cv::Mat picture;
  cv::addWeighted(colors, kColorShare, grey, 1 - kColorShare, 0, picture);
  for (int i = 1; i <= kLevels; ++i) {
    const float level = static_cast<float>(i) / (kLevels + 1);
    const cv::Vec3b color = MapColor(level);
    const cv::Scalar light = cv::Scalar(color[0], color[1], color[2]) * 0.4 + kPaper * 0.6;
    for (const ContourSegment& each : FindContour(fine, level)) {
      cv::line(picture, Fixed(each.from.x * scale_x, each.from.y * scale_y),
               Fixed(each.to.x * scale_x, each.to.y * scale_y), light, 1, cv::LINE_AA,
               kSubpixelBits);
    }
  }
  const cv::Point best = LargestNode(map);
  DrawCross(&picture, {best.x * kFiner * scale_x, best.y * kFiner * scale_y});
  return picture;
}

cv::Mat DrawQuery(const cv::Mat& query, const Point& point, int height) {
  cv::Mat picture = ScaleTo(query, PanelSize(query, height));
  DrawCross(&picture, {(point.x + 0.5) * picture.cols / query.cols - 0.5,
                       (point.y + 0.5) * picture.rows / query.rows - 0.5});
  return picture;
}

}  // namespace

cv::Mat DrawField(const cv::Mat& query, const cv::Mat& reference, const Point& point,
                  const FieldSample& field, double sigma) {
  const int height = std::clamp(std::max(query.rows, reference.rows), 240, 480);
  const cv::Mat left = DrawQuery(query, point, height);
  const cv::Size contour_size = PanelSize(reference, height);
  const int column_width = std::max(contour_size.width, kMinPanelWidth);
  const cv::Size surface_size(column_width, column_width * 3 / 4);
  const int top = kMargin + kLineHeight;
  const int upper = std::max(left.rows, contour_size.height);
  const int left_width = std::max(left.cols, TextWidth("Query"));
  cv::Mat picture(top + upper + surface_size.height + 2 * kMargin,
                  left_width + 2 * column_width + 4 * kMargin, CV_8UC3, kPaper);
  DrawText(&picture, "Query", kMargin, kMargin + kLineHeight / 2 - 2);
  left.copyTo(picture(cv::Rect(cv::Point(kMargin, top), left.size())));

  const double aspect = static_cast<double>(reference.cols) / reference.rows;
  int x = left_width + 2 * kMargin;
  for (const auto& [caption, values] :
       {std::pair<std::string, const std::vector<float>*>("Coarse cost", &field.cost),
        std::pair<std::string, const std::vector<float>*>("Matching field", &field.scores)}) {
    const cv::Mat map = NormalizedMap(*values, field.columns, field.rows, sigma);
    DrawText(&picture, caption, x, kMargin + kLineHeight / 2 - 2);
    DrawContours(reference, map, contour_size)
        .copyTo(picture(cv::Rect(cv::Point(x, top), contour_size)));
    DrawSurface(map, aspect, surface_size)
        .copyTo(picture(cv::Rect(cv::Point(x, top + upper + kMargin), surface_size)));
    x += column_width + kMargin;
  }
  return picture;
}

}  // namespace nemf::client
