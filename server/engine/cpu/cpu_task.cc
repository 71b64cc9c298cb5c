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
  return (encoding_.phi.size() + encoding_.coarse.size()) * sizeof(float);
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

}  // namespace nemf
