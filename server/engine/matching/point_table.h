#ifndef NEMF_SERVER_ENGINE_MATCHING_POINT_TABLE_H_
#define NEMF_SERVER_ENGINE_MATCHING_POINT_TABLE_H_

#include <vector>

#include "server/engine/bundle/field_weights.h"
#include "server/engine/math/coordinates.h"

namespace nemf {

// Query points and the part of the field's first layer that depends on them alone. The harmonic
// embedding separates x and y, so that part is a sum of one row for x and one row for y: W + H rows
// serve all W x H pixels. K scattered points have K rows on each axis, with the index (k, k).
struct PointTable {
  std::vector<float> x;         // normalised query x
  std::vector<float> y;         // normalised query y
  std::vector<float> x_hidden;  // [x.size()][H]: fc_p's share of x, and all biases before the first
                                // ReLU
  std::vector<float> y_hidden;  // [y.size()][H]: fc_p's share of y

  Vec2 point(TableIndex index) const { return {x[index.x], y[index.y]}; }
};

// The query's half of the field's first layer. Computes rows of point tables. Safe from any thread.
class QueryLayer {
 public:
  explicit QueryLayer(const FieldWeights& weights);

  int hidden() const { return shape_.hidden; }
  // Writes the rows of `count` normalised coordinates of an axis (0: x, 1: y) -> rows [count][H].
  void FillRows(int axis, const float* coordinates, int count, float* rows) const;

 private:
  const FieldShape shape_;
  const std::vector<float> biases_;      // [H]: of all layers before the first ReLU
  const std::vector<float> columns_[2];  // by axis: [2F + 1][H], for sin(u f), cos(u f) and u
};

// Returns the table of the given normalised coordinates.
PointTable MakePointTable(const FieldWeights& weights, std::vector<float> x, std::vector<float> y);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_POINT_TABLE_H_
