#ifndef NEMF_SERVER_ENGINE_MATH_COORDINATES_H_
#define NEMF_SERVER_ENGINE_MATH_COORDINATES_H_

#include "server/engine/math/macros.h"

namespace nemf {

// A point or an offset, (x, y); normalised units unless said otherwise: [-1, 1] spans an image, the
// centres of the outermost pixels are the ends.
struct Vec2 {
  float x = 0;
  float y = 0;
};

// Equal values (so -0 equals 0): equal points have equal scores.
NEMF_HD bool Same(Vec2 a, Vec2 b) { return a.x == b.x && a.y == b.y; }

// Returns the normalised coordinate of a pixel on an axis of `size` pixels, or 0 if `size` is 1.
NEMF_HD float ToNormalized(float pixel, int size) {
  return size == 1 ? 0.0f : 2.0f * pixel / static_cast<float>(size - 1) - 1.0f;
}

// Returns the inverse of ToNormalized(), or pixel 0 if `size` is 1.
NEMF_HD float ToPixel(float normalized, int size) {
  return (normalized + 1.0f) * 0.5f * static_cast<float>(size - 1);
}

// Returns whether a point (pixels) lies between the centres of the outermost pixels. A NaN does
// not.
NEMF_HD bool InsideImage(Vec2 pixel, int width, int height) {
  return pixel.x >= 0 && pixel.x <= static_cast<float>(width - 1) && pixel.y >= 0 &&
         pixel.y <= static_cast<float>(height - 1);
}

// Returns node `index` (row-major) of a grid of columns x rows points over an image. The outermost
// nodes are on the centres of the outermost pixels.
NEMF_HD Vec2 GridNode(int index, int columns, int rows) {
  return {ToNormalized(static_cast<float>(index % columns), columns),
          ToNormalized(static_cast<float>(index / columns), rows)};
}

// Reflects the index -1 or `size` into the axis without repeating the edge: -1 becomes 1, `size`
// becomes size - 2. Returns 0 if the axis has one pixel.
NEMF_HD int Mirror(int index, int size) {
  if (size == 1) return 0;
  if (index < 0) return -index;
  return index < size ? index : 2 * (size - 1) - index;
}

// A query point, as indices into a PointTable's x and y axis.
struct TableIndex {
  int x = 0;
  int y = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_COORDINATES_H_
