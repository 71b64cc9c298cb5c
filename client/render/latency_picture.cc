#include "client/render/latency_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <opencv2/imgproc.hpp>

#include "client/render/picture_text.h"

namespace nemf::client {
namespace {

constexpr int kWidth = 800;  // pixels, of the whole picture
constexpr int kHeight = 480;
const cv::Rect kFrame(70, 44, 700, 370);  // of the curves
constexpr double kShortest = 1e-5;        // seconds; what is less is drawn there

const std::array<cv::Scalar, 4> kColours = {
    cv::Scalar(180, 119, 31), {14, 127, 255}, {44, 160, 44}, {40, 39, 214}};  // BGR
const cv::Scalar kGrid(225, 225, 225);

// Decades of seconds from left to right.
struct Axis {
  int first = 0;  // log10
  int last = 1;   // log10, > first

  double X(double seconds) const {
    const double share = (std::log10(std::max(seconds, kShortest)) - first) / (last - first);
    return kFrame.x + std::clamp(share, 0.0, 1.0) * kFrame.width;
  }
};

double Y(double share) { return kFrame.br().y - share * kFrame.height; }

Axis AxisFor(const std::vector<LatencyCurve>& curves, double deadline) {
  double least = deadline > 0 ? deadline : 1e9;
  double most = deadline > 0 ? deadline : kShortest;
  for (const LatencyCurve& curve : curves) {
    const auto [low, high] = std::minmax_element(curve.seconds.begin(), curve.seconds.end());
    least = std::min(least, *low);
    most = std::max(most, *high);
  }
  if (least > most) return {-3, 0};
  Axis axis;
  axis.first = static_cast<int>(std::floor(std::log10(std::max(least, kShortest))));
  axis.last =
      std::max(static_cast<int>(std::ceil(std::log10(std::max(most, kShortest)))), axis.first + 1);
  return axis;
}

std::string TimeLabel(int decade) {
  char text[32];
  const bool seconds = decade >= 0;
  std::snprintf(text, sizeof(text), "%g %s", std::pow(10.0, seconds ? decade : decade + 3),
                seconds ? "s" : "ms");
  return text;
}

void DrawLine(cv::Mat* picture, double x0, double y0, double x1, double y1,
              const cv::Scalar& colour, int thickness = 1) {
  const auto pixel = [](double v) { return static_cast<int>(std::lround(v)); };
  cv::line(*picture, {pixel(x0), pixel(y0)}, {pixel(x1), pixel(y1)}, colour, thickness,
           cv::LINE_AA);
}

void DrawAxes(cv::Mat* picture, const Axis& axis) {
  for (int decade = axis.first; decade <= axis.last; ++decade) {
    const double x = axis.X(std::pow(10.0, decade));
    DrawLine(picture, x, kFrame.y, x, kFrame.br().y, kGrid);
    const std::string label = TimeLabel(decade);
    DrawText(picture, label, static_cast<int>(x) - TextWidth(label) / 2, kFrame.br().y + 24);
  }
  for (const double share : {0.0, 0.25, 0.5, 0.75, 0.9, 1.0}) {
    DrawLine(picture, kFrame.x, Y(share), kFrame.br().x, Y(share), kGrid);
    char label[16];
    std::snprintf(label, sizeof(label), "%g", share);
    DrawText(picture, label, kFrame.x - TextWidth(label) - 10, static_cast<int>(Y(share)));
  }
}

// Steps at each latency; flat between them.
void DrawCurve(cv::Mat* picture, const Axis& axis, const LatencyCurve& curve,
               const cv::Scalar& colour) {
  std::vector<double> seconds = curve.seconds;
  std::sort(seconds.begin(), seconds.end());
  double x = kFrame.x;
  double y = Y(0);
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const double next_x = axis.X(seconds[i]);
    const double next_y = Y(static_cast<double>(i + 1) / static_cast<double>(seconds.size()));
    DrawLine(picture, x, y, next_x, y, colour, 2);
    DrawLine(picture, next_x, y, next_x, next_y, colour, 2);
    x = next_x;
    y = next_y;
  }
  DrawLine(picture, x, y, kFrame.br().x, y, colour, 2);
}

}  // namespace

cv::Mat DrawLatency(const std::vector<LatencyCurve>& curves, double deadline) {
  cv::Mat picture(kHeight, kWidth, CV_8UC3, kPaper);
  const Axis axis = AxisFor(curves, deadline);
  DrawAxes(&picture, axis);
  if (deadline > 0) {
    DrawLine(&picture, axis.X(deadline), kFrame.y, axis.X(deadline), kFrame.br().y, kInk);
  }
  int legend_x = kFrame.x;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const cv::Scalar& colour = kColours[i % kColours.size()];
    DrawCurve(&picture, axis, curves[i], colour);
    DrawLine(&picture, legend_x, 22, legend_x + 24, 22, colour, 2);
    const std::string text = curves[i].name + " (" + std::to_string(curves[i].seconds.size()) + ")";
    DrawText(&picture, text, legend_x + 32, 22);
    legend_x += 32 + TextWidth(text) + 32;
  }
  DrawText(&picture, "share of the answers by latency", kFrame.x, kHeight - 18);
  return picture;
}

}  // namespace nemf::client
