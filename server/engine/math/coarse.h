#ifndef NEMF_SERVER_ENGINE_MATH_COARSE_H_
#define NEMF_SERVER_ENGINE_MATH_COARSE_H_

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"

namespace nemf {

// The encoder's coarse map, [2][grid][grid] floats: the normalised reference x, then y, of each
// cell of the query's grid.
struct CoarseView {
  const float* data;
  int grid;
};

// Interpolates linearly between `first` (fraction 0) and `second` (fraction 1).
NEMF_HD float Lerp(float first, float second, float fraction) {
  return first * (1.0f - fraction) + second * fraction;
}

// Returns the coarse map at the pixel (x, y) of a query of width x height pixels: bilinear, corners
// aligned. The pixel may be fractional and lies inside the image.
NEMF_HD Vec2 SampleCoarse(const CoarseView& coarse, float x, float y, int width, int height) {
  const int grid = coarse.grid;
  const float last = static_cast<float>(grid - 1);
  const float gx = width == 1 ? 0.0f : x * (last / static_cast<float>(width - 1));
  const float gy = height == 1 ? 0.0f : y * (last / static_cast<float>(height - 1));
  // Rounding may put the last pixel a bit past the last node.
  const int x0 = static_cast<int>(gx) < grid ? static_cast<int>(gx) : grid - 1;
  const int y0 = static_cast<int>(gy) < grid ? static_cast<int>(gy) : grid - 1;
  const int x1 = x0 + 1 < grid ? x0 + 1 : x0;
  const int y1 = y0 + 1 < grid ? y0 + 1 : y0;
  const float fx = gx - static_cast<float>(x0);
  const float fy = gy - static_cast<float>(y0);
  float out[2];
  for (int axis = 0; axis < 2; ++axis) {
    const float* map = coarse.data + axis * grid * grid;
    out[axis] = Lerp(Lerp(map[y0 * grid + x0], map[y0 * grid + x1], fx),
                     Lerp(map[y1 * grid + x0], map[y1 * grid + x1], fx), fy);
  }
  return {out[0], out[1]};
}

// Returns the bilinear value between four corners (row-major).
NEMF_HD Vec2 LerpCorners(const Vec2 corners[4], float fraction_x, float fraction_y) {
  return {Lerp(Lerp(corners[0].x, corners[1].x, fraction_x),
               Lerp(corners[2].x, corners[3].x, fraction_x), fraction_y),
          Lerp(Lerp(corners[0].y, corners[1].y, fraction_x),
               Lerp(corners[2].y, corners[3].y, fraction_x), fraction_y)};
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_COARSE_H_
