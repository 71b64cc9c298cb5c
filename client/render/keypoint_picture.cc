#include "client/render/keypoint_picture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <opencv2/imgproc.hpp>
#include <string>

#include "client/render/picture_text.h"

namespace nemf::client {
namespace {

constexpr int kGap = 16;     // between the two images, pixels
constexpr int kMargin = 12;  // around everything
constexpr int kMaxWidth = 2400;
constexpr int kSubpixelBits = 4;  // of OpenCV's drawing functions

const cv::Scalar kGreen(80, 200, 40);  // BGR
const cv::Scalar kRed(50, 40, 230);

// One of the two images on the canvas.
struct Panel {
  cv::Mat image;  // scaled
  double scale_x = 1;
  double scale_y = 1;
  cv::Point origin;

  // A point of the original image on the canvas. Pixel centres map to pixel centres.
  cv::Point2d Map(const Point& p) const {
    return {origin.x + (p.x + 0.5) * scale_x - 0.5, origin.y + (p.y + 0.5) * scale_y - 0.5};
  }

  cv::Point2d Clamp(const cv::Point2d& p) const {
    return {std::clamp<double>(p.x, origin.x, origin.x + image.cols - 1),
            std::clamp<double>(p.y, origin.y, origin.y + image.rows - 1)};
  }
};

Panel MakePanel(const cv::Mat& image, int height, cv::Point origin) {
  const int width = std::max(
      1, static_cast<int>(std::lround(static_cast<double>(image.cols) * height / image.rows)));
  Panel panel;
  panel.scale_x = static_cast<double>(width) / image.cols;
  panel.scale_y = static_cast<double>(height) / image.rows;
  panel.origin = origin;
  cv::resize(image, panel.image, {width, height}, 0, 0,
             height < image.rows ? cv::INTER_AREA : cv::INTER_CUBIC);
  return panel;
}

// The panels' height: legible, and not wider than the canvas may be.
int PanelHeight(const cv::Mat& query, const cv::Mat& reference) {
  const int height = std::clamp(std::max(query.rows, reference.rows), 360, 800);
  const double width_per_row = static_cast<double>(query.cols) / query.rows +
                               static_cast<double>(reference.cols) / reference.rows;
  return std::clamp(static_cast<int>(kMaxWidth / width_per_row), 1, height);
}

class Canvas {
 public:
  Canvas(const cv::Mat& query, const cv::Mat& reference, const std::vector<std::string>& legend) {
    const int height = PanelHeight(query, reference);
    const int top = kMargin + kLineHeight;
    query_ = MakePanel(query, height, {kMargin, top});
    reference_ = MakePanel(reference, height, {kMargin + query_.image.cols + kGap, top});
    int width = reference_.origin.x + reference_.image.cols + kMargin;
    for (const std::string& line : legend) width = std::max(width, TextWidth(line) + 2 * kMargin);
    const int legend_top = top + height + kMargin;
    const int legend_height = static_cast<int>(legend.size()) * kLineHeight;
    picture_.create(legend_top + legend_height + kMargin / 2, width, CV_8UC3);
    picture_.setTo(kPaper);
    Place(query_, "Query");
    Place(reference_, "Reference");
    int middle_y = legend_top + kLineHeight / 2;
    for (const std::string& line : legend) {
      DrawText(&picture_, line, kMargin, middle_y);
      middle_y += kLineHeight;
    }
  }

  // The line from a keypoint to its match.
  void DrawMatchLine(const KeypointMatch& match, const cv::Scalar& color) {
    const cv::Point2d from = query_.Map(match.query);
    const cv::Point2d to = reference_.Clamp(reference_.Map(match.reference));
    DrawLine(from, to, kPaper, 4);  // a light edge keeps the line visible on any photograph
    DrawLine(from, to, color, 2);
  }

  // The marks at both ends, to be drawn over all lines.
  void DrawMatchEnds(const KeypointMatch& match, const cv::Scalar& color) {
    DrawDot(query_.Map(match.query), color);
    const cv::Point2d to = reference_.Clamp(reference_.Map(match.reference));
    if (match.in_bounds) {
      DrawDot(to, color);
    } else {
      cv::drawMarker(picture_, to, kPaper, cv::MARKER_TILTED_CROSS, 14, 4, cv::LINE_AA);
      cv::drawMarker(picture_, to, color, cv::MARKER_TILTED_CROSS, 12, 2, cv::LINE_AA);
    }
  }

  // A ring at the true point, joined to the match by a thin line.
  void DrawTruth(const KeypointMatch& match, const Point& truth, const cv::Scalar& color) {
    const cv::Point2d center = reference_.Clamp(reference_.Map(truth));
    DrawLine(reference_.Clamp(reference_.Map(match.reference)), center, color, 1);
    DrawCircle(center, 7, kPaper, 3);
    DrawCircle(center, 7, color, 1);
  }

  cv::Mat picture() const { return picture_; }

 private:
  void Place(const Panel& panel, const std::string& caption) {
    panel.image.copyTo(picture_(cv::Rect(panel.origin, panel.image.size())));
    DrawText(&picture_, caption, panel.origin.x, panel.origin.y - kLineHeight / 2 - 2);
  }

  static cv::Point Fixed(const cv::Point2d& p) {
    constexpr double kOne = 1 << kSubpixelBits;
    return {static_cast<int>(std::lround(p.x * kOne)), static_cast<int>(std::lround(p.y * kOne))};
  }

  void DrawLine(const cv::Point2d& from, const cv::Point2d& to, const cv::Scalar& color,
                int thickness) {
    cv::line(picture_, Fixed(from), Fixed(to), color, thickness, cv::LINE_AA, kSubpixelBits);
  }

  void DrawCircle(const cv::Point2d& center, int radius, const cv::Scalar& color, int thickness) {
    cv::circle(picture_, Fixed(center), radius << kSubpixelBits, color, thickness, cv::LINE_AA,
               kSubpixelBits);
  }

  void DrawDot(const cv::Point2d& center, const cv::Scalar& color) {
    DrawCircle(center, 5, kPaper, cv::FILLED);
    DrawCircle(center, 4, color, cv::FILLED);
  }

  Panel query_;
  Panel reference_;
  cv::Mat picture_;
};

// Colours that differ well between neighbours in the list: hues a golden angle apart.
cv::Scalar ColorOf(std::size_t index) {
  const double hue = std::fmod(static_cast<double>(index) * 0.618034, 1.0) * 180;
  cv::Mat3b pixel(1, 1, cv::Vec3b(static_cast<unsigned char>(hue), 220, 235));
  cv::cvtColor(pixel, pixel, cv::COLOR_HSV2BGR);
  const cv::Vec3b& bgr = pixel(0, 0);
  return {static_cast<double>(bgr[0]), static_cast<double>(bgr[1]), static_cast<double>(bgr[2])};
}

std::string PlainLegend(const std::vector<KeypointMatch>& matches) {
  const auto outside = std::count_if(matches.begin(), matches.end(),
                                     [](const KeypointMatch& match) { return !match.in_bounds; });
  return std::to_string(matches.size()) + " keypoints, " + std::to_string(outside) +
         " matched outside the reference (cross)";
}

std::vector<std::string> TruthLegend(std::size_t count, std::size_t correct, const PckRule& rule) {
  char text[160];
  std::snprintf(text, sizeof(text), "%zu of %zu correct: PCK@%g = %.1f %%", correct, count,
                rule.alpha, count > 0 ? 100.0 * correct / count : 0.0);
  char within[160];
  std::snprintf(
      within, sizeof(within),
      "Green: within %.1f px of the truth. Red: farther. Ring: the truth. Cross: outside.",
      rule.Threshold());
  return {text, within};
}

}  // namespace

cv::Mat DrawKeypoints(const cv::Mat& query, const cv::Mat& reference,
                      const std::vector<KeypointMatch>& matches) {
  Canvas canvas(query, reference, {PlainLegend(matches)});
  for (std::size_t i = 0; i < matches.size(); ++i) canvas.DrawMatchLine(matches[i], ColorOf(i));
  for (std::size_t i = 0; i < matches.size(); ++i) canvas.DrawMatchEnds(matches[i], ColorOf(i));
  return canvas.picture();
}

cv::Mat DrawKeypoints(const cv::Mat& query, const cv::Mat& reference,
                      const std::vector<KeypointMatch>& matches, const std::vector<Point>& truth,
                      double alpha) {
  CV_Assert(matches.size() == truth.size());
  const PckRule rule{alpha, std::max(reference.cols, reference.rows)};
  std::vector<cv::Scalar> colors;
  std::size_t correct = 0;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const bool is_correct = rule.Correct(matches[i].reference, truth[i]);
    correct += is_correct;
    colors.push_back(is_correct ? kGreen : kRed);
  }
  Canvas canvas(query, reference, TruthLegend(matches.size(), correct, rule));
  for (std::size_t i = 0; i < matches.size(); ++i) canvas.DrawMatchLine(matches[i], colors[i]);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    canvas.DrawTruth(matches[i], truth[i], colors[i]);
    canvas.DrawMatchEnds(matches[i], colors[i]);
  }
  return canvas.picture();
}

}  // namespace nemf::client
