#include "client/render/flow_color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace nemf::client {
namespace {

// A section of the wheel: `steps` hues in which one channel increases or decreases.
struct Segment {
  int steps;
  cv::Vec3f from;  // BGR in [0, 1]
  cv::Vec3f to;
};

constexpr int kHues = 55;

const std::array<Segment, 6>& Segments() {
  static const cv::Vec3f red(0, 0, 1), yellow(0, 1, 1), green(0, 1, 0);
  static const cv::Vec3f cyan(1, 1, 0), blue(1, 0, 0), magenta(1, 0, 1);
  static const std::array<Segment, 6> segments = {{{15, red, yellow},
                                                   {6, yellow, green},
                                                   {4, green, cyan},
                                                   {11, cyan, blue},
                                                   {13, blue, magenta},
                                                   {6, magenta, red}}};
  return segments;
}

std::array<cv::Vec3f, kHues> MakeWheel() {
  std::array<cv::Vec3f, kHues> wheel;
  int hue = 0;
  for (const Segment& segment : Segments()) {
    for (int i = 0; i < segment.steps; ++i) {
      const float t = static_cast<float>(i) / segment.steps;
      wheel[hue++] = segment.from * (1 - t) + segment.to * t;
    }
  }
  return wheel;
}

// The fully saturated colour of a direction, between the two nearest hues.
cv::Vec3f Hue(float dx, float dy) {
  static const std::array<cv::Vec3f, kHues> wheel = MakeWheel();
  const float turn = std::atan2(-dy, -dx) / std::numbers::pi_v<float>;  // [-1, 1], right is -1
  const float position = std::clamp((turn + 1) / 2, 0.0f, 1.0f) * (kHues - 1);
  const int first = static_cast<int>(position);
  const float t = position - first;
  return wheel[first] * (1 - t) + wheel[(first + 1) % kHues] * t;
}

}  // namespace

cv::Vec3b FlowColor(float dx, float dy) {
  const float magnitude = std::hypot(dx, dy);
  if (!std::isfinite(magnitude)) return {0, 0, 0};
  // Adding zero turns -0 into +0, for which atan2 has different results.
  const cv::Vec3f hue = Hue(dx + 0.0f, dy + 0.0f);
  cv::Vec3b color;
  for (int channel = 0; channel < 3; ++channel) {
    const float value = magnitude <= 1 ? 1 - magnitude * (1 - hue[channel]) : 0.75f * hue[channel];
    color[channel] = static_cast<unsigned char>(255 * value);
  }
  return color;
}

float FlowScale(const FlowField& field) {
  std::vector<float> magnitudes;
  magnitudes.reserve(field.flow.size());
  for (const Displacement& d : field.flow) {
    const float magnitude = std::hypot(d.dx, d.dy);
    if (std::isfinite(magnitude)) magnitudes.push_back(magnitude);
  }
  constexpr float kLeast = 1e-3f;
  if (magnitudes.empty()) return kLeast;
  const auto rank = magnitudes.begin() +
                    static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(magnitudes.size() - 1));
  std::nth_element(magnitudes.begin(), rank, magnitudes.end());
  return std::max(*rank, kLeast);
}

cv::Mat ColorFlow(const FlowField& field, float scale) {
  cv::Mat picture(field.height, field.width, CV_8UC3);
  for (int y = 0; y < field.height; ++y) {
    for (int x = 0; x < field.width; ++x) {
      const Displacement& d = field.at(x, y);
      picture.at<cv::Vec3b>(y, x) = FlowColor(d.dx / scale, d.dy / scale);
    }
  }
  return picture;
}

}  // namespace nemf::client
