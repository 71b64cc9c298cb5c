#include "client/render/flow_row.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "client/render/flow_color.h"
#include "client/render/picture_text.h"
#include "client/render/warp.h"

namespace nemf::client {
namespace {

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
