#ifndef NEMF_SERVER_ENGINE_MATH_LATTICE_H_
#define NEMF_SERVER_ENGINE_MATH_LATTICE_H_

#include "server/engine/math/macros.h"

namespace nemf {

// The points of the query that PatchMatch works on: width x height nodes, corners aligned with
// those of the query's width x height pixels. If the two sizes are equal, nodes are pixels.
struct LatticeView {
  int width;
  int height;
  int query_width;
  int query_height;
};

// A point's place between the nodes of a lattice: up to four nodes, y * width + x, row-major, with
// repeats if the point lies on a row or column of nodes, and the distance from the first, in steps
// of the lattice. The nodes may be pixels.
struct KeypointSupport {
  int pixel[4];
  float fraction_x;
  float fraction_y;
};

// Converts a query pixel coordinate to lattice steps along one axis, moved inside. Exact if nodes
// are pixels.
NEMF_HD float ToLattice(float pixel, int query_size, int lattice_size) {
  if (query_size == 1) return 0.0f;
  const float last = static_cast<float>(lattice_size - 1);
  const float at = pixel * (last / static_cast<float>(query_size - 1));
  const float raised = at < 0.0f ? 0.0f : at;
  return raised > last ? last : raised;
}

// Returns the support of the query pixel (x, y), which may be fractional and is first moved into
// the image. A node of weight 0 is not part of it.
NEMF_HD KeypointSupport FindSupport(const LatticeView& lattice, float x, float y) {
  const float at_x = ToLattice(x, lattice.query_width, lattice.width);
  const float at_y = ToLattice(y, lattice.query_height, lattice.height);
  const int x0 = static_cast<int>(at_x);
  const int y0 = static_cast<int>(at_y);
  const float fraction_x = at_x - static_cast<float>(x0);
  const float fraction_y = at_y - static_cast<float>(y0);
  const int x1 = fraction_x > 0 ? x0 + 1 : x0;
  const int y1 = fraction_y > 0 ? y0 + 1 : y0;
  const int width = lattice.width;
  return {
      {y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1}, fraction_x, fraction_y};
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_LATTICE_H_
