#include "client/render/flow_picture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "client/render/flow_color.h"
#include "client/render/picture_text.h"
#include "client/render/warp.h"

namespace nemf::client {
namespace {

constexpr int kDisc = 96;  // diameter of the legend's disc, pixels
constexpr int kMargin = 12;
constexpr int kLegendHeight = kDisc + 2 * kMargin;

// The colours of all displacements up to the rim, on paper.
cv::Mat DrawDisc() {
  constexpr int kFine = 4;  // drawn larger and shrunk, for a smooth rim
  constexpr int kSide = kDisc * kFine;
  constexpr float kRadius = kSide / 2.0f;
  cv::Mat disc(kSide, kSide, CV_8UC3, kPaper);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const float dx = (static_cast<float>(x) + 0.5f) / kRadius - 1;
      const float dy = (static_cast<float>(y) + 0.5f) / kRadius - 1;
      if (std::hypot(dx, dy) <= 1) disc.at<cv::Vec3b>(y, x) = FlowColor(dx, dy);
    }
  }
  cv::resize(disc, disc, {kDisc, kDisc}, 0, 0, cv::INTER_AREA);
  return disc;
}

std::string Format(const char* format, double a, double b) {
  char text[128];
  std::snprintf(text, sizeof(text), format, a, b);
  return text;
}

std::vector<std::string> LegendLines(const FlowField& field, float scale) {
  double sum = 0;
  double largest = 0;
  std::size_t finite = 0;
  for (const Displacement& d : field.flow) {
    const double magnitude = std::hypot(d.dx, d.dy);
    if (!std::isfinite(magnitude)) continue;
    sum += magnitude;
    largest = std::max(largest, magnitude);
    ++finite;
  }
  const double mean = finite > 0 ? sum / static_cast<double>(finite) : 0;
  return {"Flow from query to reference",
          Format("Rim of the disc: %.3g px; darker: more", scale, 0),
          Format("Mean %.3g px, largest %.3g px", mean, largest)};
}

constexpr int kGap = 8;  // around and between the pictures, pixels
constexpr int kMinHeight = 120;
constexpr int kMaxHeight = 320;
constexpr int kMaxWidth = 4000;  // of the row

cv::Size CellSize(const FlowField& field, std::size_t states) {
  const double height = std::clamp(field.height, kMinHeight, kMaxHeight);
  const double widest = static_cast<double>(kMaxWidth) / static_cast<double>(states);
  const double scale = std::min(height / field.height, widest / field.width);
  return {std::max(1, static_cast<int>(std::lround(field.width * scale))),
          std::max(1, static_cast<int>(std::lround(field.height * scale)))};
}

void Place(const cv::Mat& image, cv::Point origin, cv::Size size, cv::Mat* picture) {
  cv::Mat scaled;
  cv::resize(image, scaled, size, 0, 0,
             size.height < image.rows ? cv::INTER_AREA : cv::INTER_CUBIC);
  scaled.copyTo((*picture)(cv::Rect(origin, size)));
}

}  // namespace

cv::Mat DrawFlow(const FlowField& field) {
  const float scale = FlowScale(field);
  const std::vector<std::string> lines = LegendLines(field, scale);
  const int text_x = kDisc + 2 * kMargin;
  int width = field.width;
  for (const std::string& line : lines) width = std::max(width, text_x + TextWidth(line) + kMargin);

  cv::Mat picture(field.height + kLegendHeight, width, CV_8UC3, kPaper);
  ColorFlow(field, scale).copyTo(picture({0, 0, field.width, field.height}));
  DrawDisc().copyTo(picture({kMargin, field.height + kMargin, kDisc, kDisc}));
  int middle_y = field.height + kLegendHeight / 2 - kLineHeight;
  for (const std::string& line : lines) {
    DrawText(&picture, line, text_x, middle_y);
    middle_y += kLineHeight;
  }
  return picture;
}

cv::Mat DrawFlowRow(const std::vector<NamedFlow>& states, const cv::Mat& reference) {
  const FlowField& last = *states.back().field;
  const float scale = FlowScale(last);
  const cv::Size cell = CellSize(last, states.size());
  int column = cell.width;
  for (const NamedFlow& state : states) column = std::max(column, TextWidth(state.name));
  const int top = kGap + kLineHeight;
  cv::Mat picture(top + 2 * (cell.height + kGap),
                  static_cast<int>(states.size()) * (column + kGap) + kGap, CV_8UC3, kPaper);
  int x = kGap;
  for (const NamedFlow& state : states) {
    DrawText(&picture, state.name, x, kGap + kLineHeight / 2);
    Place(ColorFlow(*state.field, scale), {x, top}, cell, &picture);
    Place(WarpReference(reference, *state.field), {x, top + cell.height + kGap}, cell, &picture);
    x += column + kGap;
  }
  return picture;
}

}  // namespace nemf::client
