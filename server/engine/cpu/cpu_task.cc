#include "server/engine/cpu/cpu_task.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "server/engine/matching/cost_grid.h"
#include "server/engine/matching/table_rows.h"
#include "server/engine/math/search.h"

namespace nemf::cpu {

Pair::Pair(ImageSize query, ImageSize reference, Encoding encoding, int grid, int channels)
    : query_size_(query),
      reference_size_(reference),
      encoding_(std::move(encoding)),
      grid_(grid),
      channels_(channels) {}

std::size_t Pair::bytes() const {
  return (encoding_.phi.size() + encoding_.coarse.size() + encoding_.cost.size()) * sizeof(float);
}

std::vector<float> Pair::SampleCost(Point query, ImageSize nodes) const {
  return SampleCostGrid(cost(), query_size_, query, nodes);
}

namespace {

// The arrays of an axis of a table.
struct AxisArrays {
  std::vector<float>& coordinates;
  std::vector<float>& hidden;
};

AxisArrays ArraysOf(const TableRows& rows, TaskArrays* task) {
  PointTable& table = rows.of_nodes ? task->nodes : task->others;
  if (rows.axis == 0) return {table.x, table.x_hidden};
  return {table.y, table.y_hidden};
}

// Grows an array to `size` elements. Later growth up to `final_size` does not copy it. The memory
// reserved for that is not resident before it is touched.
template <typename T>
void GrowTo(std::size_t size, std::size_t final_size, T value, std::vector<T>* array) {
  array->reserve(final_size);
  array->resize(size, value);
}

}  // namespace

void TaskArrays::MakeRoom(const WorkItem& item) {
  if (item.phase == Phase::kFillTables) {
    for (const TableRows& rows : SplitTableRows(plan, item.begin, item.end)) {
      const AxisArrays arrays = ArraysOf(rows, this);
      const std::size_t hidden = layer.hidden();
      GrowTo(rows.end, rows.size, 0.0f, &arrays.coordinates);
      GrowTo(rows.end * hidden, rows.size * hidden, 0.0f, &arrays.hidden);
    }
  } else if (item.phase == Phase::kInitialize) {
    const int final_size = plan.num_values();
    cone = plan.cone.view();
    GrowTo(item.end, final_size, Vec2{}, &initial);
    GrowTo(item.end, final_size, Vec2{}, &values[0]);
    if (plan.sweeps() > 0) GrowTo(item.end, final_size, Vec2{}, &values[1]);
    if (plan.iterations() == 0) return;
    GrowTo<char>(item.end, final_size, 1, &changed[0]);
    GrowTo<char>(item.end, final_size, 0, &changed[1]);
    const int scored = plan.num_scores();
    GrowTo(std::min(item.end, scored), scored, UnknownScore(), &scores);
  } else if (item.phase == Phase::kSnapshot) {
    GrowTo(item.end, plan.num_points(), Point{}, &snapshot);
  } else if (item.phase == Phase::kRefine) {
    GrowTo(item.end, plan.num_points(), Match{}, &matches);
  }
}

void TaskArrays::FillTables(int begin, int end) {
  for (const TableRows& rows : SplitTableRows(plan, begin, end)) {
    const AxisArrays arrays = ArraysOf(rows, this);
    const std::size_t first = static_cast<std::size_t>(rows.begin) * layer.hidden();
    FillTableRows(layer, plan, rows, &arrays.coordinates[rows.begin], &arrays.hidden[first]);
  }
}

void TaskArrays::Initialize(int begin, int end) {
  for (int site = begin; site < end; ++site) {
    const TableIndex node = NodeIndex(PixelOf(cone, site));
    initial[site] = SampleCoarse(pair().coarse(), static_cast<float>(node.x),
                                 static_cast<float>(node.y), cone.width, cone.height);
    values[0][site] = initial[site];
  }
}

void TaskArrays::Snapshot(int iteration, int begin, int end) {
  const ImageSize size = pair().reference_size();
  for (int point = begin; point < end; ++point) {
    Vec2 value = {};
    if (plan.strided()) {
      Vec2 corners[4];
      const KeypointSupport support = plan.SupportOf(point);
      ReadSupport(support, iteration, corners);
      value = LerpCorners(corners, support.fraction_x, support.fraction_y);
    } else {
      value = Before(iteration)[point];
    }
    snapshot[point] = {ToPixel(value.x, size.width), ToPixel(value.y, size.height)};
  }
}

TableIndex TaskArrays::NodeIndex(int node) const { return {node % cone.width, node / cone.width}; }

TableIndex TaskArrays::PointIndex(int point) const {
  if (plan.samples_field()) return {0, 0};
  if (!plan.dense()) return {point, point};
  const int width = plan.lattice.query_width;
  return {point % width, point / width};
}

void TaskArrays::ReadSupport(const KeypointSupport& support, int sweep, Vec2 out[4]) const {
  for (int i = 0; i < 4; ++i) out[i] = Before(sweep)[plan.cone.SupportSite(support.pixel[i])];
}

void TaskArrays::SetMatch(int point, Vec2 reference, float score) {
  const ImageSize size = pair().reference_size();
  const Vec2 pixel = {ToPixel(reference.x, size.width), ToPixel(reference.y, size.height)};
  matches[point] = {{pixel.x, pixel.y}, score, InsideImage(pixel, size.width, size.height)};
}

}  // namespace nemf::cpu
