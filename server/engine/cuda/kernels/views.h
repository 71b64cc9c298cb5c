#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_VIEWS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_VIEWS_H_

#include <cstdint>

#include "server/engine/math/adam.h"
#include "server/engine/math/coarse.h"
#include "server/engine/math/cone_view.h"
#include "server/engine/math/coordinates.h"
#include "server/engine/math/half.h"
#include "server/engine/math/interpolation.h"
#include "server/engine/math/lattice.h"
#include "server/engine/math/search.h"
#include "server/engine/math/upsample.h"

// What kernels see of the back end's arrays: pointers into the device's memory and sizes. Plain
// structs, copied to the device byte for byte.
namespace nemf::cuda {

// The most random candidates of an iteration (MatchOptions.search_candidates).
inline constexpr int kMaxSearchRows = 16;

// An encoded pair.
struct PairView {
  Values phi;  // [grid][grid][grid][grid][channels]
  int grid;
  int channels;
  CoarseView coarse;
};

// The query points of a task; see PointTable.
struct QueryTableView {
  const float* x;         // normalised
  const float* y;         // normalised
  const float* x_hidden;  // [x's][hidden]
  const float* y_hidden;  // [y's][hidden]
};

// What the optimised or answered points are, and where they start from.
enum class StartKind {
  kSlots,    // slots, from their own value
  kPixels,   // all pixels of the query, from the map at or between its nodes
  kSupport,  // keypoints, from the map between the nodes of their support
  kCoarse,   // keypoints, from the coarse map
  kGrid,     // a field: from the nodes of a grid, all against query point (0, 0)
};

struct StartView {
  StartKind kind;
  const KeypointSupport* supports;  // [points], of kSupport; slots instead of pixels
  const Vec2* keypoints;            // [points]: query pixels, of kCoarse
  int columns;                      // of kGrid
  int rows;
};

// A piece of a batch: a range of a task's slots in one iteration, or of its points in the finish.
// Its items are the batch's items [first_item, the next piece's first_item).
struct WorkItemView {
  int first_item;
  int begin;  // the first slot or point
  PairView pair;
  QueryTableView table;
  float radius;  // MatchOptions.search_radius

  // A pass over slots. Values and scores are double-buffered, so it may be done again.
  ConeView cone;
  LatticeView lattice;
  const Vec2* initial;         // [slots]
  const Vec2* before;          // [slots]
  const float* scores_before;  // [updated slots]
  const char* changed_before;  // [slots]: whether the pass before changed a value
  Vec2* after;
  float* scores_after;
  char* changed_after;
  std::uint64_t seed;
  int iteration;
  int search_candidates;
  float search_radii[kMaxSearchRows];
  int first_search;  // the piece's first row of the random search; an item's rows are adjacent

  // The finish, which starts from `before`, and the optimisation of slots.
  StartView start;
  int upsample_candidates;
  int steps;
  const AdamStepSize* step_sizes;  // [steps]
  int reference_width;             // pixels
  int reference_height;
  UpsampleScale upsample_scale;
};

// The pieces of a batch and how many items they have together.
struct BatchView {
  const WorkItemView* pieces;
  int num_pieces;
  int num_items;
};

// Field queries, one a row.
struct RowsView {
  Vec2* reference;    // normalised
  int* piece;         // of the batch: says which pair and table
  TableIndex* query;  // in the piece's table
  float* scores;      // out
};

// The rows [begin, begin + count) that go through the network together, in the first rows of its
// activations; the other rows of the activations are padding.
struct ChunkView {
  const WorkItemView* pieces;
  RowsView rows;
  int begin;
  int count;
};

// One point of an answer on its way to the host.
struct FinishedPoint {
  Vec2 pixel;  // of the reference
  float score;
  int in_bounds;
};

// The piece that an item belongs to: the last one that begins at or before it.
NEMF_HD int PieceOfItem(const BatchView& batch, int item) {
  int low = 0;
  int high = batch.num_pieces;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (batch.pieces[middle].first_item <= item) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// The slot or point of an item of the piece.
NEMF_HD int IndexOfItem(const WorkItemView& piece, int item) {
  return piece.begin + item - piece.first_item;
}

NEMF_HD TableIndex PixelIndex(const ConeView& cone, int pixel) {
  TableIndex index;
  index.x = pixel % cone.width;
  index.y = pixel / cone.width;
  return index;
}

// The corners of Phi around a row's points.
NEMF_HD PhiCorners CornersOfRow(const ChunkView& chunk, int row) {
  const int i = chunk.begin + row;
  const WorkItemView& piece = chunk.pieces[chunk.rows.piece[i]];
  const TableIndex index = chunk.rows.query[i];
  const Vec2 query = {piece.table.x[index.x], piece.table.y[index.y]};
  const PhiView sizes = {nullptr, piece.pair.grid, piece.pair.channels};
  return FindCorners(sizes, chunk.rows.reference[i], query);
}

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_VIEWS_H_
