#include "server/engine/matching/cost_grid.h"

#include <cstddef>

namespace nemf {

std::vector<float> SampleCostGrid(const PhiView& cost, ImageSize query_size, Point query,
                                  ImageSize nodes) {
  const Vec2 at = {ToNormalized(query.x, query_size.width),
                   ToNormalized(query.y, query_size.height)};
  std::vector<float> out(static_cast<std::size_t>(nodes.width) * nodes.height);
  for (int i = 0; i < static_cast<int>(out.size()); ++i) {
    const Vec2 reference = GridNode(i, nodes.width, nodes.height);
    InterpolatePhi(cost, FindCorners(cost, reference, at), &out[i]);
  }
  return out;
}

}  // namespace nemf
