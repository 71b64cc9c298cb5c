#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_REFINE_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_REFINE_KERNELS_H_

#include "server/engine/cuda/kernels/views.h"

// The steps of the refinement over a batch of points, and of the optimisation of sites: reading the
// map, the optimiser, the answer (docs/algorithm.md, section 5.3; cpu/refine.cc does the same on
// the CPU). A kernel is a function of an index, called for 0 .. n - 1 in any order.
namespace nemf::cuda {

// Returns the support of a point of the answer, with sites in place of pixels.
NEMF_HD KeypointSupport SupportOfPoint(const WorkItemView& item, int point) {
  if (item.start.kind == StartKind::kSupport) return item.start.supports[point];
  const int width = item.lattice.query_width;
  return FindSupport(item.lattice, static_cast<float>(point % width),
                     static_cast<float>(point / width));
}

// Reads the values of the support's nodes.
NEMF_HD void NodesOfSupport(const WorkItemView& item, const KeypointSupport& support, Vec2 out[4]) {
  for (int i = 0; i < 4; ++i) out[i] = item.before[support.pixel[i]];
}

NEMF_HD Vec2 StartOfPoint(const WorkItemView& item, int point) {
  const StartView& start = item.start;
  if (start.kind == StartKind::kGrid) return GridNode(point, start.columns, start.rows);
  if (start.kind == StartKind::kSites) return item.before[point];
  if (start.kind == StartKind::kCoarse) {
    const Vec2 keypoint = start.keypoints[point];
    return SampleCoarse(item.pair.coarse, keypoint.x, keypoint.y, item.lattice.query_width,
                        item.lattice.query_height);
  }
  const KeypointSupport support = SupportOfPoint(item, point);
  Vec2 nodes[4];
  NodesOfSupport(item, support, nodes);
  return LerpCorners(nodes, support.fraction_x, support.fraction_y);
}

// Returns a point's index in the item's table.
NEMF_HD TableIndex QueryOfPoint(const WorkItemView& item, int point) {
  if (item.start.kind == StartKind::kSites) {
    return PixelIndex(item.cone, PixelOf(item.cone, point));
  }
  TableIndex index;
  if (item.start.kind == StartKind::kPixels) {
    index.x = point % item.lattice.query_width;
    index.y = point / item.lattice.query_width;
  } else if (item.start.kind != StartKind::kGrid) {
    index.x = point;
    index.y = point;
  }
  return index;
}

NEMF_HD AnswerPoint ToAnswer(const WorkItemView& item, Vec2 point, float score) {
  const Vec2 pixel = {ToPixel(point.x, item.reference_width),
                      ToPixel(point.y, item.reference_height)};
  return {pixel, score, InsideImage(pixel, item.reference_width, item.reference_height) ? 1 : 0};
}

// By element: the row `element` at the point's start, the optimiser at rest.
struct StartPoints {
  BatchView batch;
  RowsView rows;
  Vec2* start;        // [elements]
  AdamState* states;  // [elements]

  NEMF_HD void operator()(int element) const {
    const int p = ItemOfElement(batch, element);
    const WorkItemView& item = batch.items[p];
    const int point = IndexOfElement(item, element);
    const Vec2 from = StartOfPoint(item, point);
    start[element] = from;
    states[element] = AdamState{};
    rows.reference[element] = from;
    rows.item[element] = p;
    rows.query[element] = QueryOfPoint(item, point);
  }
};

// By row of a row block: one gradient step, from the row's score and corner products. Rows of tasks
// with fewer steps stay as they are.
struct StepPoints {
  RowBlockView row_block;
  const float* products;  // [rows][4]
  const Vec2* start;      // [elements]
  AdamState* states;      // [elements]
  int step;

  NEMF_HD void operator()(int row) const {
    const int element = row_block.begin + row;
    const WorkItemView& item = row_block.items[row_block.rows.item[element]];
    if (step >= item.steps) return;
    const Vec2 slope = GradientOfProducts(CornersOfRow(row_block, row), products + 4 * row);
    const float loss = LossSlope(row_block.rows.scores[element]);
    const Vec2 gradient = {loss * slope.x, loss * slope.y};
    const Vec2 moved = AdamUpdate(row_block.rows.reference[element], gradient,
                                  item.step_sizes[step], &states[element]);
    row_block.rows.reference[element] = ClampAround(moved, start[element], item.radius);
  }
};

// By element: an optimised site's new value. Does nothing for points of the answer.
struct StoreSites {
  BatchView batch;
  RowsView rows;

  NEMF_HD void operator()(int element) const {
    const WorkItemView& item = batch.items[rows.item[element]];
    if (item.start.kind != StartKind::kSites) return;
    item.after[IndexOfElement(item, element)] = rows.reference[element];
  }
};

// By element: an optimised and scored point of the answer.
struct WritePoints {
  BatchView batch;
  RowsView rows;
  AnswerPoint* out;  // [elements]

  NEMF_HD void operator()(int element) const {
    out[element] =
        ToAnswer(batch.items[rows.item[element]], rows.reference[element], rows.scores[element]);
  }
};

// By pixel of a dense task, from `begin` on: its present place, in the reference's pixels.
struct SnapshotPoints {
  const Vec2* values;
  LatticeView lattice;
  int begin;
  int reference_width;
  int reference_height;
  Vec2* out;

  NEMF_HD void operator()(int i) const {
    const int pixel = begin + i;
    const int width = lattice.query_width;
    const KeypointSupport support =
        FindSupport(lattice, static_cast<float>(pixel % width), static_cast<float>(pixel / width));
    Vec2 nodes[4];
    for (int i = 0; i < 4; ++i) nodes[i] = values[support.pixel[i]];
    const Vec2 value = LerpCorners(nodes, support.fraction_x, support.fraction_y);
    out[i] = {ToPixel(value.x, reference_width), ToPixel(value.y, reference_height)};
  }
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_REFINE_KERNELS_H_
