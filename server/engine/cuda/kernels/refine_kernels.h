#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_REFINE_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_REFINE_KERNELS_H_

#include "server/engine/cuda/kernels/views.h"

// The steps of the finish over a batch of points, and of the optimisation of slots: reading the
// map, the optimiser, the answer (docs/algorithm.md, section 5.3; cpu/refine.cc does the same on
// the CPU). A kernel is a function of an index, to be called for 0 .. n - 1 in any order.
namespace nemf::cuda {

// The slots (in place of pixels) that a point of the answer lies between.
NEMF_HD KeypointSupport SupportOfPoint(const WorkItemView& piece, int point) {
  if (piece.start.kind == StartKind::kSupport) return piece.start.supports[point];
  const int width = piece.lattice.query_width;
  return FindSupport(piece.lattice, static_cast<float>(point % width),
                     static_cast<float>(point / width));
}

// The values of its nodes.
NEMF_HD void NodesOfSupport(const WorkItemView& piece, const KeypointSupport& support,
                            Vec2 out[4]) {
  for (int i = 0; i < 4; ++i) out[i] = piece.before[support.pixel[i]];
}

NEMF_HD Vec2 StartOfPoint(const WorkItemView& piece, int point) {
  const StartView& start = piece.start;
  if (start.kind == StartKind::kGrid) return GridNode(point, start.columns, start.rows);
  if (start.kind == StartKind::kSlots) return piece.before[point];
  if (start.kind == StartKind::kCoarse) {
    const Vec2 keypoint = start.keypoints[point];
    return SampleCoarse(piece.pair.coarse, keypoint.x, keypoint.y, piece.lattice.query_width,
                        piece.lattice.query_height);
  }
  const KeypointSupport support = SupportOfPoint(piece, point);
  Vec2 nodes[4];
  NodesOfSupport(piece, support, nodes);
  return LerpCorners(nodes, support.fraction_x, support.fraction_y);
}

// A point's place in the piece's table.
NEMF_HD TableIndex QueryOfPoint(const WorkItemView& piece, int point) {
  if (piece.start.kind == StartKind::kSlots) {
    return PixelIndex(piece.cone, PixelOf(piece.cone, point));
  }
  TableIndex index;
  if (piece.start.kind == StartKind::kPixels) {
    index.x = point % piece.lattice.query_width;
    index.y = point / piece.lattice.query_width;
  } else if (piece.start.kind != StartKind::kGrid) {
    index.x = point;
    index.y = point;
  }
  return index;
}

NEMF_HD FinishedPoint FinishPoint(const WorkItemView& piece, Vec2 point, float score) {
  const Vec2 pixel = {ToPixel(point.x, piece.reference_width),
                      ToPixel(point.y, piece.reference_height)};
  return {pixel, score, InsideImage(pixel, piece.reference_width, piece.reference_height) ? 1 : 0};
}

// By item: the row `item` at the point's start, the optimiser at rest.
struct StartPoints {
  BatchView batch;
  RowsView rows;
  Vec2* start;        // [items]
  AdamState* states;  // [items]

  NEMF_HD void operator()(int item) const {
    const int p = PieceOfItem(batch, item);
    const WorkItemView& piece = batch.pieces[p];
    const int point = IndexOfItem(piece, item);
    const Vec2 from = StartOfPoint(piece, point);
    start[item] = from;
    states[item] = AdamState{};
    rows.reference[item] = from;
    rows.piece[item] = p;
    rows.query[item] = QueryOfPoint(piece, point);
  }
};

// By row of a chunk: one step of the optimiser, from the row's score and corner products, where the
// row's task has so many steps.
struct StepPoints {
  ChunkView chunk;
  const float* products;  // [rows][4]
  const Vec2* start;      // [items]
  AdamState* states;      // [items]
  int step;

  NEMF_HD void operator()(int row) const {
    const int item = chunk.begin + row;
    const WorkItemView& piece = chunk.pieces[chunk.rows.piece[item]];
    if (step >= piece.steps) return;
    const Vec2 slope = GradientOfProducts(CornersOfRow(chunk, row), products + 4 * row);
    const float loss = LossSlope(chunk.rows.scores[item]);
    const Vec2 gradient = {loss * slope.x, loss * slope.y};
    const Vec2 moved =
        AdamUpdate(chunk.rows.reference[item], gradient, piece.step_sizes[step], &states[item]);
    chunk.rows.reference[item] = ClampAround(moved, start[item], piece.radius);
  }
};

// By item: an optimised slot's new value; nothing for points of the answer.
struct StoreSlots {
  BatchView batch;
  RowsView rows;

  NEMF_HD void operator()(int item) const {
    const WorkItemView& piece = batch.pieces[rows.piece[item]];
    if (piece.start.kind != StartKind::kSlots) return;
    piece.after[IndexOfItem(piece, item)] = rows.reference[item];
  }
};

// By item: an optimised and scored point of the answer.
struct WritePoints {
  BatchView batch;
  RowsView rows;
  FinishedPoint* out;  // [items]

  NEMF_HD void operator()(int item) const {
    out[item] =
        FinishPoint(batch.pieces[rows.piece[item]], rows.reference[item], rows.scores[item]);
  }
};

// By pixel of a dense task from `begin` on: where it stands, in the reference's pixels.
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
