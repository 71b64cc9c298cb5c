#include "client/render/picture_text.h"

#include <opencv2/imgproc.hpp>

namespace nemf::client {
namespace {

constexpr int kFace = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kScale = 0.6;  // gives capitals of kTextHeight
constexpr int kThickness = 1;

}  // namespace

int TextWidth(const std::string& text) {
  int baseline = 0;
  return cv::getTextSize(text, kFace, kScale, kThickness, &baseline).width;
}

void DrawText(cv::Mat* picture, const std::string& text, int x, int middle_y) {
  cv::putText(*picture, text, {x, middle_y + kTextHeight / 2}, kFace, kScale, kInk, kThickness,
              cv::LINE_AA);
}

}  // namespace nemf::client
