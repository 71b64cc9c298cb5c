#include "server/engine/matching/table_rows.h"

#include <algorithm>

namespace nemf {

namespace {

// The four axes, whole.
std::vector<TableRows> Axes(const TaskPlan& plan) {
  const LatticeView& lattice = plan.lattice;
  ImageSize nodes = {0, 0};
  ImageSize points = {0, 0};
  if (plan.sweeps() > 0 || plan.points_are_nodes()) nodes = {lattice.width, lattice.height};
  if (!plan.dense()) {
    const int count = static_cast<int>(plan.keypoints.size());
    points = {count, count};
  } else if (!plan.points_are_nodes()) {
    points = {lattice.query_width, lattice.query_height};
  }
  return {{true, 0, 0, nodes.width, nodes.width},
          {true, 1, 0, nodes.height, nodes.height},
          {false, 0, 0, points.width, points.width},
          {false, 1, 0, points.height, points.height}};
}

float CoordinateOf(const TaskPlan& plan, const TableRows& rows, int row) {
  const LatticeView& lattice = plan.lattice;
  if (rows.of_nodes || plan.dense()) return ToNormalized(static_cast<float>(row), rows.size);
  const Point& keypoint = plan.keypoints[row];
  return rows.axis == 0 ? ToNormalized(keypoint.x, lattice.query_width)
                        : ToNormalized(keypoint.y, lattice.query_height);
}

}  // namespace

int CountTableRows(const TaskPlan& plan) {
  int count = 0;
  for (const TableRows& axis : Axes(plan)) count += axis.size;
  return count;
}

std::vector<TableRows> SplitTableRows(const TaskPlan& plan, int begin, int end) {
  std::vector<TableRows> parts;
  int first = 0;  // number of the axis's first row
  for (TableRows axis : Axes(plan)) {
    axis.begin = std::max(begin - first, 0);
    axis.end = std::min(end - first, axis.size);
    if (axis.begin < axis.end) parts.push_back(axis);
    first += axis.size;
  }
  return parts;
}

void FillTableRows(const QueryLayer& layer, const TaskPlan& plan, const TableRows& rows,
                   float* coordinates, float* hidden) {
  const int count = rows.end - rows.begin;
  for (int i = 0; i < count; ++i) coordinates[i] = CoordinateOf(plan, rows, rows.begin + i);
  layer.FillRows(rows.axis, coordinates, count, hidden);
}

}  // namespace nemf
