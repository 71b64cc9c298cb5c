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

// Views of the back end's arrays for kernels: pointers to the device's memory, and sizes. They are
// plain structs, copied to the device byte for byte.
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
struct PointTableView {
  const float* x;         // normalised
  const float* y;         // normalised
  const float* x_hidden;  // [x's][hidden]
  const float* y_hidden;  // [y's][hidden]
};

// The kind of the points that are optimised or answered, and where they start.
enum class StartKind {
  kSites,    // sites, at their own value
  kPixels,   // all pixels of the query, on the map at or between its nodes
  kSupport,  // keypoints, on the map between the nodes of their support
  kCoarse,   // keypoints, on the coarse map
  kGrid,     // a FieldSample task: at the nodes of a grid, all against query point (0, 0)
};

struct StartView {
  StartKind kind;
  const KeypointSupport* supports;  // [points], of kSupport; sites instead of pixels
  const Vec2* keypoints;            // [points]: query pixels, of kCoarse
  int columns;                      // of kGrid
  int rows;
};

// A range of a work item in a batch: sites of a task in one sweep, or points in the refinement. Its
// elements are the batch's elements [first_element, the next item's first_element).
struct WorkItemView {
  int first_element;
  int begin;  // the first site or point
  PairView pair;
  PointTableView table;
  float radius;  // MatchOptions.search_radius

  // A sweep over sites. Values and scores are double-buffered, so it may be done again.
  ConeView cone;
  LatticeView lattice;
  const Vec2* initial;         // [sites]
  const Vec2* before;          // [sites]
  const float* scores_before;  // [updated sites]
  const char* changed_before;  // [sites]: whether the sweep before changed a value
  Vec2* after;
  float* scores_after;
  char* changed_after;
  std::uint64_t seed;
  int iteration;
  int search_candidates;
  float search_radii[kMaxSearchRows];
  int first_search;  // the item's first row of the random search; an element's rows are adjacent

  // The refinement, which starts from `before`, and the optimisation of sites.
  StartView start;
  int upsample_candidates;
  int steps;
  const AdamStepSize* step_sizes;  // [steps]
  int reference_width;             // pixels
  int reference_height;
  UpsampleScale upsample_scale;
};

// The items of a batch and the number of their elements.
struct BatchView {
  const WorkItemView* items;
  int num_items;
  int num_elements;
};

// Field evaluations, one a row.
struct RowsView {
  Vec2* reference;    // normalised
  int* item;          // index in the batch: gives the pair and the table
  TableIndex* query;  // in the item's table
  float* scores;      // out
};

// The rows [begin, begin + count) that go through the network together, in the first rows of its
// activations; the other rows of the activations are padding.
struct RowBlockView {
  const WorkItemView* items;
  RowsView rows;
  int begin;
  int count;
};

// One point of an answer on its way to the host.
struct AnswerPoint {
  Vec2 pixel;  // of the reference
  float score;
  int in_bounds;
};

// Returns the item that an element belongs to: the last that begins at or before it.
NEMF_HD int ItemOfElement(const BatchView& batch, int element) {
  int low = 0;
  int high = batch.num_items;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (batch.items[middle].first_element <= element) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// Returns the site or point of an element of the item.
NEMF_HD int IndexOfElement(const WorkItemView& item, int element) {
  return item.begin + element - item.first_element;
}

NEMF_HD TableIndex PixelIndex(const ConeView& cone, int pixel) {
  TableIndex index;
  index.x = pixel % cone.width;
  index.y = pixel / cone.width;
  return index;
}

// Returns the corners of Phi around a row's points.
NEMF_HD PhiCorners CornersOfRow(const RowBlockView& row_block, int row) {
  const int i = row_block.begin + row;
  const WorkItemView& item = row_block.items[row_block.rows.item[i]];
  const TableIndex index = row_block.rows.query[i];
  const Vec2 query = {item.table.x[index.x], item.table.y[index.y]};
  const PhiView sizes = {nullptr, item.pair.grid, item.pair.channels};
  return FindCorners(sizes, row_block.rows.reference[i], query);
}

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_VIEWS_H_
