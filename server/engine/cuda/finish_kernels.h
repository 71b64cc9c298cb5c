#ifndef NEMF_SERVER_ENGINE_CUDA_FINISH_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_FINISH_KERNELS_H_

#include "server/engine/cuda/views.h"

// The steps of the finish over a batch of points: reading the map, the optimiser, the answer
// (nemf.md, section 5.3; cpu/finish.cc does the same on the CPU). A kernel is a function of an
// index, to be called for 0 .. n - 1 in any order.
namespace nemf {

NEMF_HD Vec2 StartOfPoint(const PieceView& piece, int point) {
  const StartView& start = piece.start;
  switch (start.kind) {
    case StartKind::kPixels:
      return piece.before[point];
    case StartKind::kSupport: {
      Vec2 corners[4];
      for (int i = 0; i < 4; ++i) corners[i] = piece.before[start.support[4 * point + i]];
      return LerpCorners(corners, start.fractions[point].x, start.fractions[point].y);
    }
    case StartKind::kCoarse:
      return SampleCoarse(piece.pair.coarse, start.keypoints[point].x, start.keypoints[point].y,
                          piece.active.width, piece.active.height);
    case StartKind::kGrid:
      break;
  }
  return GridNode(point, start.columns, start.rows);
}

NEMF_HD QueryIndex QueryOfPoint(const PieceView& piece, int point) {
  if (piece.start.kind == StartKind::kPixels) return PixelIndex(piece.active, point);
  QueryIndex index;
  if (piece.start.kind != StartKind::kGrid) {
    index.x = point;
    index.y = point;
  }
  return index;
}

// By item: the row `item` at the point's start, the optimiser at rest.
struct StartPoints {
  BatchView batch;
  RowsView rows;
  Vec2* start;        // [items]
  AdamState* states;  // [items]

  NEMF_HD void operator()(int item) const {
    const int p = PieceOfItem(batch, item);
    const PieceView& piece = batch.pieces[p];
    const int point = IndexOfItem(piece, item);
    start[item] = StartOfPoint(piece, point);
    states[item] = AdamState{};
    rows.reference[item] = start[item];
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
    const PieceView& piece = chunk.pieces[chunk.rows.piece[item]];
    if (step >= piece.steps) return;
    const Vec2 slope = GradientOfProducts(CornersOfRow(chunk, row), products + 4 * row);
    const float loss = LossSlope(chunk.rows.scores[item]);
    const Vec2 gradient = {loss * slope.x, loss * slope.y};
    const Vec2 moved =
        AdamUpdate(chunk.rows.reference[item], gradient, piece.step_sizes[step], &states[item]);
    chunk.rows.reference[item] = ClampAround(moved, start[item], piece.radius);
  }
};

// By item: the row's point and score, in the reference's pixels.
struct WritePoints {
  BatchView batch;
  RowsView rows;
  FinishedPoint* out;  // [items]

  NEMF_HD void operator()(int item) const {
    const PieceView& piece = batch.pieces[rows.piece[item]];
    const Vec2 point = rows.reference[item];
    const Vec2 pixel = {ToPixel(point.x, piece.reference_width),
                        ToPixel(point.y, piece.reference_height)};
    out[item] = {pixel, rows.scores[item],
                 InsideImage(pixel, piece.reference_width, piece.reference_height) ? 1 : 0};
  }
};

// By slot: where it stands, in the reference's pixels.
struct SnapshotPoints {
  const Vec2* values;
  int reference_width;
  int reference_height;
  Vec2* out;

  NEMF_HD void operator()(int slot) const {
    out[slot] = {ToPixel(values[slot].x, reference_width),
                 ToPixel(values[slot].y, reference_height)};
  }
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_FINISH_KERNELS_H_
