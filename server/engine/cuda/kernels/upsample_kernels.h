#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_UPSAMPLE_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_UPSAMPLE_KERNELS_H_

#include "server/engine/cuda/kernels/refine_kernels.h"

// The finish of a strided plan over a batch of points: each point's candidates are scored, and the
// best is its answer (math/upsample.h). A kernel is a function of an index, to be called for
// 0 .. n - 1 in any order.
namespace nemf::cuda {

NEMF_HD int CandidatesOfPoint(const WorkItemView& piece, int point,
                              Vec2 out[kMaxUpsampleCandidates]) {
  const KeypointSupport support = SupportOfPoint(piece, point);
  Vec2 nodes[4];
  NodesOfSupport(piece, support, nodes);
  return CollectUpsampled(support, nodes, piece.upsample_scale, piece.upsample_candidates, out);
}

// By item: the number of its candidates.
struct CountUpsampled {
  BatchView batch;
  int* counts;  // [items]

  NEMF_HD void operator()(int item) const {
    const WorkItemView& piece = batch.pieces[PieceOfItem(batch, item)];
    Vec2 candidates[kMaxUpsampleCandidates];
    counts[item] = CandidatesOfPoint(piece, IndexOfItem(piece, item), candidates);
  }
};

// By item: its candidates -> the rows before ends[item], the running sum of the counts.
struct EmitUpsampled {
  BatchView batch;
  const int* ends;  // [items]
  RowsView rows;

  NEMF_HD void operator()(int item) const {
    const int p = PieceOfItem(batch, item);
    const WorkItemView& piece = batch.pieces[p];
    const int point = IndexOfItem(piece, item);
    Vec2 candidates[kMaxUpsampleCandidates];
    const int count = CandidatesOfPoint(piece, point, candidates);
    const int first = ends[item] - count;
    for (int i = 0; i < count; ++i) {
      rows.reference[first + i] = candidates[i];
      rows.piece[first + i] = p;
      rows.query[first + i] = QueryOfPoint(piece, point);
    }
  }
};

// By item: the best candidate, the first on a tie, is the point's answer.
struct SelectUpsampled {
  BatchView batch;
  const int* ends;  // [items]
  RowsView rows;
  FinishedPoint* out;  // [items]

  NEMF_HD void operator()(int item) const {
    const WorkItemView& piece = batch.pieces[PieceOfItem(batch, item)];
    const int first = item == 0 ? 0 : ends[item - 1];
    ScoredPoint best = {rows.reference[first], rows.scores[first]};
    for (int row = first + 1; row < ends[item]; ++row) {
      best = Better(best, {rows.reference[row], rows.scores[row]});
    }
    out[item] = FinishPoint(piece, best.point, best.score);
  }
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_UPSAMPLE_KERNELS_H_
