#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_UPSAMPLE_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_UPSAMPLE_KERNELS_H_

#include "server/engine/cuda/kernels/refine_kernels.h"

// The refinement of a strided plan over a batch of points: each point's candidates are scored, and
// the best is its answer (math/upsample.h). A kernel is a function of an index, called for 0 .. n -
// 1 in any order.
namespace nemf::cuda {

NEMF_HD int CandidatesOfPoint(const WorkItemView& item, int point,
                              Vec2 out[kMaxUpsampleCandidates]) {
  const KeypointSupport support = SupportOfPoint(item, point);
  Vec2 nodes[4];
  NodesOfSupport(item, support, nodes);
  return CollectUpsampled(support, nodes, item.upsample_scale, item.upsample_candidates, out);
}

// By element: the number of its candidates.
struct CountUpsampled {
  BatchView batch;
  int* counts;  // [elements]

  NEMF_HD void operator()(int element) const {
    const WorkItemView& item = batch.items[ItemOfElement(batch, element)];
    Vec2 candidates[kMaxUpsampleCandidates];
    counts[element] = CandidatesOfPoint(item, IndexOfElement(item, element), candidates);
  }
};

// By element: its candidates -> the rows before ends[element], the running sum of the counts.
struct EmitUpsampled {
  BatchView batch;
  const int* ends;  // [elements]
  RowsView rows;

  NEMF_HD void operator()(int element) const {
    const int p = ItemOfElement(batch, element);
    const WorkItemView& item = batch.items[p];
    const int point = IndexOfElement(item, element);
    Vec2 candidates[kMaxUpsampleCandidates];
    const int count = CandidatesOfPoint(item, point, candidates);
    const int first = ends[element] - count;
    for (int i = 0; i < count; ++i) {
      rows.reference[first + i] = candidates[i];
      rows.item[first + i] = p;
      rows.query[first + i] = QueryOfPoint(item, point);
    }
  }
};

// By element: the best candidate, the first on a tie, is the point's answer.
struct SelectUpsampled {
  BatchView batch;
  const int* ends;  // [elements]
  RowsView rows;
  AnswerPoint* out;  // [elements]

  NEMF_HD void operator()(int element) const {
    const WorkItemView& item = batch.items[ItemOfElement(batch, element)];
    const int first = element == 0 ? 0 : ends[element - 1];
    ScoredPoint best = {rows.reference[first], rows.scores[first]};
    for (int row = first + 1; row < ends[element]; ++row) {
      best = Better(best, {rows.reference[row], rows.scores[row]});
    }
    out[element] = ToAnswer(item, best.point, best.score);
  }
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_UPSAMPLE_KERNELS_H_
