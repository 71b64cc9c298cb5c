#include "server/engine/cpu/cpu_task.h"

#include <limits>
#include <utility>

namespace nemf {

namespace {

// The normalised coordinates of the pixels of an axis.
std::vector<float> AxisPixels(int size) {
  std::vector<float> out(size);
  for (int i = 0; i < size; ++i) out[i] = ToNormalized(static_cast<float>(i), size);
  return out;
}

QueryTable PixelTable(const FieldWeights& weights, ImageSize size) {
  return MakeQueryTable(weights, AxisPixels(size.width), AxisPixels(size.height));
}

QueryTable KeypointTable(const FieldWeights& weights, const TaskPlan& plan) {
  const ImageSize size = plan.pair->query_size();
  std::vector<float> x;
  std::vector<float> y;
  for (const Point& keypoint : plan.keypoints) {
    x.push_back(ToNormalized(keypoint.x, size.width));
    y.push_back(ToNormalized(keypoint.y, size.height));
  }
  return MakeQueryTable(weights, std::move(x), std::move(y));
}

}  // namespace

CpuPair::CpuPair(ImageSize query, ImageSize reference, Encoding encoding, int grid, int channels)
    : query_size_(query),
      reference_size_(reference),
      encoding_(std::move(encoding)),
      grid_(grid),
      channels_(channels) {}

std::size_t CpuPair::bytes() const {
  return (encoding_.phi.size() + encoding_.coarse.size() + encoding_.cost.size()) * sizeof(float);
}

std::vector<float> CpuPair::SampleCost(Point query, ImageSize nodes) const {
  const Vec2 at = {ToNormalized(query.x, query_size_.width),
                   ToNormalized(query.y, query_size_.height)};
  std::vector<float> out(static_cast<std::size_t>(nodes.width) * nodes.height);
  for (int i = 0; i < static_cast<int>(out.size()); ++i) {
    const Vec2 reference = GridNode(i, nodes.width, nodes.height);
    InterpolatePhi(cost(), FindCorners(cost(), reference, at), &out[i]);
  }
  return out;
}

CpuTask::CpuTask(const TaskPlan& plan, const FieldWeights& weights)
    : plan(plan),
      active(plan.active.view()),
      pixels(PixelTable(weights, plan.pair->query_size())),
      keypoints(KeypointTable(weights, plan)),
      initial(plan.active.size()) {
  for (int slot = 0; slot < plan.active.size(); ++slot) {
    const int pixel = PixelOf(active, slot);
    initial[slot] =
        SampleCoarse(pair().coarse(), static_cast<float>(pixel % active.width),
                     static_cast<float>(pixel / active.width), active.width, active.height);
  }
  values[0] = initial;
  if (plan.iterations() > 0) {
    values[1].resize(initial.size());
    scores.assign(plan.active.Updated(0), std::numeric_limits<float>::quiet_NaN());
  }
  matches.resize(plan.num_points());
}

QueryIndex CpuTask::PixelIndex(int pixel) const {
  return {pixel % active.width, pixel / active.width};
}

std::vector<Point> CpuTask::Snapshot(int iteration) const {
  const ImageSize size = pair().reference_size();
  std::vector<Point> out;
  out.reserve(values[iteration % 2].size());
  for (const Vec2& value : values[iteration % 2]) {
    out.push_back({ToPixel(value.x, size.width), ToPixel(value.y, size.height)});
  }
  return out;
}

}  // namespace nemf
