#include "server/service/correspondence/flow_consistency.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace nemf {
namespace {

// Also false for NaN.
bool IsInside(Point point, ImageSize size) {
  return point.x >= 0 && point.x <= static_cast<float>(size.width - 1) && point.y >= 0 &&
         point.y <= static_cast<float>(size.height - 1);
}

}  // namespace

float ForwardBackwardDistance(Point pixel, Point match, const BackwardFlow& backward) {
  const ImageSize size = backward.reference;
  if (!IsInside(match, size)) return std::numeric_limits<float>::infinity();
  const int left = static_cast<int>(match.x);
  const int top = static_cast<int>(match.y);
  // On the last row or column the next one has no weight.
  const int right = std::min(left + 1, size.width - 1);
  const int bottom = std::min(top + 1, size.height - 1);
  const double fx = match.x - static_cast<float>(left);
  const double fy = match.y - static_cast<float>(top);

  double dx = 0;
  double dy = 0;
  // Adds the displacement at a pixel of the reference.
  const auto add = [&](int x, int y, double weight) {
    const Point& back = backward.matches[std::size_t{1} * y * size.width + x].reference;
    dx += weight * (back.x - x);
    dy += weight * (back.y - y);
  };
  add(left, top, (1 - fx) * (1 - fy));
  add(right, top, fx * (1 - fy));
  add(left, bottom, (1 - fx) * fy);
  add(right, bottom, fx * fy);
  return static_cast<float>(std::hypot(match.x + dx - pixel.x, match.y + dy - pixel.y));
}

}  // namespace nemf
