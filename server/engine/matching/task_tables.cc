#include "server/engine/matching/task_tables.h"

#include <utility>
#include <vector>

namespace nemf {

namespace {

// The normalised coordinates of the pixels of an axis.
std::vector<float> AxisPixels(int size) {
  std::vector<float> out(size);
  for (int i = 0; i < size; ++i) out[i] = ToNormalized(static_cast<float>(i), size);
  return out;
}

PointTable PixelTable(const FieldWeights& weights, ImageSize size) {
  return MakeQueryTable(weights, AxisPixels(size.width), AxisPixels(size.height));
}

}  // namespace

PointTable MakeNodeTable(const FieldWeights& weights, const TaskPlan& plan) {
  return PixelTable(weights, {plan.lattice.width, plan.lattice.height});
}

PointTable MakePointTable(const FieldWeights& weights, const TaskPlan& plan) {
  const ImageSize size = plan.pair->query_size();
  if (plan.dense() && plan.strided()) return PixelTable(weights, size);
  std::vector<float> x;
  std::vector<float> y;
  for (const Point& keypoint : plan.keypoints) {
    x.push_back(ToNormalized(keypoint.x, size.width));
    y.push_back(ToNormalized(keypoint.y, size.height));
  }
  return MakeQueryTable(weights, std::move(x), std::move(y));
}

}  // namespace nemf
