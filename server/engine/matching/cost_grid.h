#ifndef NEMF_SERVER_ENGINE_MATCHING_COST_GRID_H_
#define NEMF_SERVER_ENGINE_MATCHING_COST_GRID_H_

#include <vector>

#include "server/engine/image.h"
#include "server/engine/math/interpolation.h"

namespace nemf {

// Implements EncodedPair::SampleCost() for a cost in host memory, laid out as Phi is, with one
// channel: `query` (pixels of an image of `query_size`) against the nodes of a grid over the
// reference -> [nodes.height][nodes.width].
std::vector<float> SampleCostGrid(const PhiView& cost, ImageSize query_size, Point query,
                                  ImageSize nodes);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_COST_GRID_H_
