#ifndef NEMF_SERVER_ENGINE_MATCHING_POINT_TABLE_H_
#define NEMF_SERVER_ENGINE_MATCHING_POINT_TABLE_H_

#include <vector>

#include "absl/types/span.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/math/coordinates.h"
#include "server/engine/math/table_index.h"

namespace nemf {

// The query points of a task and the part of the field's first layer that depends on them alone.
// The harmonic embedding takes x and y apart, so that part is a sum of one row for x and one for y:
// W + H rows serve all W x H pixels. For K scattered points both axes have K entries, index (k, k).
struct PointTable {
  std::vector<float> x;  // normalised query x
  std::vector<float> y;  // normalised query y
  std::vector<float>
      x_hidden;  // [x.size()][H]: fc_p's share of x, all biases before the first ReLU
  std::vector<float> y_hidden;  // [y.size()][H]: fc_p's share of y

  Vec2 point(TableIndex index) const { return {x[index.x], y[index.y]}; }
};

// A table of the given normalised coordinates.
PointTable MakeQueryTable(const FieldWeights& weights, std::vector<float> x, std::vector<float> y);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_POINT_TABLE_H_
