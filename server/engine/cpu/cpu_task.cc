#include "server/engine/cpu/cpu_task.h"

#include <limits>
#include <utility>

#include "server/engine/matching/cost_grid.h"
#include "server/engine/matching/task_tables.h"

namespace nemf {

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
  return SampleCostGrid(cost(), query_size_, query, nodes);
}

CpuTask::CpuTask(const TaskPlan& plan, const FieldWeights& weights)
    : plan(plan),
      active(plan.active.view()),
      nodes(MakeNodeTable(weights, plan)),
      others(MakePointTable(weights, plan)),
      initial(plan.active.size()) {
  for (int slot = 0; slot < plan.active.size(); ++slot) {
    const int pixel = PixelOf(active, slot);
    initial[slot] =
        SampleCoarse(pair().coarse(), static_cast<float>(pixel % active.width),
                     static_cast<float>(pixel / active.width), active.width, active.height);
  }
  values[0] = initial;
  if (plan.passes() > 0) values[1].resize(initial.size());
  if (plan.iterations() > 0) {
    changed[0].assign(initial.size(), 1);
    changed[1].resize(initial.size());
    scores.assign(plan.active.Updated(0), std::numeric_limits<float>::quiet_NaN());
  }
  matches.resize(plan.num_points());
}

TableIndex CpuTask::NodeIndex(int node) const { return {node % active.width, node / active.width}; }

TableIndex CpuTask::PointIndex(int point) const {
  if (plan.samples_field()) return {0, 0};
  if (!plan.dense()) return {point, point};
  const int width = plan.lattice.query_width;
  return {point % width, point / width};
}

void CpuTask::ReadSupport(const KeypointSupport& support, int pass, Vec2 out[4]) const {
  for (int i = 0; i < 4; ++i) out[i] = Before(pass)[plan.active.SupportSlot(support.pixel[i])];
}

void CpuTask::SetMatch(int point, Vec2 reference, float score) {
  const ImageSize size = pair().reference_size();
  const Vec2 pixel = {ToPixel(reference.x, size.width), ToPixel(reference.y, size.height)};
  matches[point] = {{pixel.x, pixel.y}, score, InsideImage(pixel, size.width, size.height)};
}

std::vector<Point> CpuTask::Snapshot(int iteration) const {
  const ImageSize size = pair().reference_size();
  std::vector<Point> out;
  out.reserve(plan.num_points());
  for (int point = 0; point < plan.num_points(); ++point) {
    Vec2 value = {};
    if (plan.strided()) {
      Vec2 corners[4];
      const KeypointSupport support = plan.SupportOf(point);
      ReadSupport(support, iteration, corners);
      value = LerpCorners(corners, support.fraction_x, support.fraction_y);
    } else {
      value = Before(iteration)[point];
    }
    out.push_back({ToPixel(value.x, size.width), ToPixel(value.y, size.height)});
  }
  return out;
}

}  // namespace nemf
