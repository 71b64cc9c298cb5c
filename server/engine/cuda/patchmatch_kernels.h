#ifndef NEMF_SERVER_ENGINE_CUDA_PATCHMATCH_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_PATCHMATCH_KERNELS_H_

#include "server/engine/cuda/views.h"

// The steps of a PatchMatch iteration over a batch of slots, between the network's runs (nemf.md,
// section 5.2; cpu/patchmatch.cc does the same on the CPU). A kernel is a function of an index, to
// be called for 0 .. n - 1 in any order; the calls of one kernel do not depend on one another.
namespace nemf {

NEMF_HD ScoredPoint OwnValue(const PieceView& piece, int slot) {
  return {piece.before[slot], piece.scores_before[slot]};
}

// Propagation's candidates of a slot; see CollectCandidates().
NEMF_HD int CandidatesOfSlot(const PieceView& piece, int slot, Vec2 out[kMaxCandidates]) {
  int slots[4];
  NeighbourSlots(piece.active, slot, slots);
  const Vec2 neighbours[4] = {piece.before[slots[0]], piece.before[slots[1]],
                              piece.before[slots[2]], piece.before[slots[3]]};
  return CollectCandidates(OwnValue(piece, slot), neighbours, out);
}

// By slot of a task: where it starts from, the coarse answer at its pixel.
struct InitialValues {
  CoarseView coarse;
  ActiveView active;
  Vec2* initial;
  Vec2* values;

  NEMF_HD void operator()(int slot) const {
    const QueryIndex index = PixelIndex(active, PixelOf(active, slot));
    const Vec2 value = SampleCoarse(coarse, static_cast<float>(index.x),
                                    static_cast<float>(index.y), active.width, active.height);
    initial[slot] = value;
    values[slot] = value;
  }
};

// By item: the number of its candidates.
struct CountCandidates {
  BatchView batch;
  int* counts;  // [items]

  NEMF_HD void operator()(int item) const {
    const PieceView& piece = batch.pieces[PieceOfItem(batch, item)];
    Vec2 candidates[kMaxCandidates];
    counts[item] = CandidatesOfSlot(piece, IndexOfItem(piece, item), candidates);
  }
};

// By item: its candidates -> the rows before ends[item], the running sum of the counts.
struct EmitCandidates {
  BatchView batch;
  const int* ends;  // [items]
  RowsView rows;

  NEMF_HD void operator()(int item) const {
    const int p = PieceOfItem(batch, item);
    const PieceView& piece = batch.pieces[p];
    const int slot = IndexOfItem(piece, item);
    Vec2 candidates[kMaxCandidates];
    const int count = CandidatesOfSlot(piece, slot, candidates);
    const QueryIndex query = PixelIndex(piece.active, PixelOf(piece.active, slot));
    const int first = ends[item] - count;
    for (int i = 0; i < count; ++i) {
      rows.reference[first + i] = candidates[i];
      rows.piece[first + i] = p;
      rows.query[first + i] = query;
    }
  }
};

// By piece: the rows up to its end.
struct RowsByPiece {
  BatchView batch;
  const int* ends;  // [items]
  int* totals;      // [pieces]

  NEMF_HD void operator()(int p) const {
    const int end = p + 1 < batch.num_pieces ? batch.pieces[p + 1].first_item : batch.num_items;
    totals[p] = ends[end - 1];
  }
};

// By item: propagation's choice, and the random search's candidate around it -> row `item`.
struct SelectAndSearch {
  BatchView batch;
  const int* ends;  // [items]
  RowsView candidates;
  ScoredPoint* best;  // [items]
  RowsView search;

  NEMF_HD void operator()(int item) const {
    const int p = PieceOfItem(batch, item);
    const PieceView& piece = batch.pieces[p];
    const int slot = IndexOfItem(piece, item);
    const int first = item == 0 ? 0 : ends[item - 1];
    const ScoredPoint chosen = SelectBest(OwnValue(piece, slot), candidates.reference + first,
                                          candidates.scores + first, ends[item] - first);
    const int pixel = PixelOf(piece.active, slot);
    best[item] = chosen;
    search.reference[item] =
        RandomCandidate(chosen.point, piece.radius, piece.seed, pixel, piece.iteration);
    search.piece[item] = p;
    search.query[item] = PixelIndex(piece.active, pixel);
  }
};

// By item: the better of the two, moved back into the search radius, is the slot's new value.
struct FinishSlots {
  BatchView batch;
  const ScoredPoint* best;
  RowsView search;

  NEMF_HD void operator()(int item) const {
    const PieceView& piece = batch.pieces[PieceOfItem(batch, item)];
    const int slot = IndexOfItem(piece, item);
    const ScoredPoint better = Better(best[item], {search.reference[item], search.scores[item]});
    const ScoredPoint kept = ClampScored(better, piece.initial[slot], piece.radius);
    piece.after[slot] = kept.point;
    piece.scores_after[slot] = kept.score;
  }
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_PATCHMATCH_KERNELS_H_
