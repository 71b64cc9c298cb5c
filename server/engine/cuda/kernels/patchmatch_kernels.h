#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_PATCHMATCH_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_PATCHMATCH_KERNELS_H_

#include "server/engine/cuda/kernels/views.h"

// The steps of a PatchMatch iteration over a batch of slots, between the network's runs
// (docs/algorithm.md, section 5.2; cpu/patchmatch.cc does the same on the CPU). A kernel is a
// function of an index, to be called for 0 .. n - 1 in any order; the calls of one kernel do not
// depend on one another.
namespace nemf::cuda {

NEMF_HD ScoredPoint OwnValue(const WorkItemView& piece, int slot) {
  return {piece.before[slot], piece.scores_before[slot]};
}

// Propagation's candidates of a slot; see CollectCandidates().
NEMF_HD int CandidatesOfSlot(const WorkItemView& piece, int slot, Vec2 out[kMaxCandidates]) {
  int slots[4];
  NeighbourSlots(piece.cone, slot, slots);
  const Vec2 neighbours[4] = {piece.before[slots[0]], piece.before[slots[1]],
                              piece.before[slots[2]], piece.before[slots[3]]};
  unsigned changed = 0;
  for (int i = 0; i < 4; ++i) changed |= static_cast<unsigned>(piece.changed_before[slots[i]]) << i;
  return CollectCandidates(OwnValue(piece, slot), neighbours, out, changed);
}

// By slot of a task from `begin` on: where it starts from, the coarse answer at its node.
struct InitialValues {
  CoarseView coarse;
  ConeView cone;
  int begin;
  Vec2* initial;
  Vec2* values;
  char* changed;
  float* scores;
  int scored_slots;  // as many slots are ever updated, and have a score

  NEMF_HD void operator()(int i) const {
    const int slot = begin + i;
    const TableIndex index = PixelIndex(cone, PixelOf(cone, slot));
    const Vec2 value = SampleCoarse(coarse, static_cast<float>(index.x),
                                    static_cast<float>(index.y), cone.width, cone.height);
    initial[slot] = value;
    values[slot] = value;
    changed[slot] = 1;
    if (slot < scored_slots) scores[slot] = UnknownScore();
  }
};

// By item: the number of its candidates.
struct CountCandidates {
  BatchView batch;
  int* counts;  // [items]

  NEMF_HD void operator()(int item) const {
    const WorkItemView& piece = batch.pieces[PieceOfItem(batch, item)];
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
    const WorkItemView& piece = batch.pieces[p];
    const int slot = IndexOfItem(piece, item);
    Vec2 candidates[kMaxCandidates];
    const int count = CandidatesOfSlot(piece, slot, candidates);
    const TableIndex query = PixelIndex(piece.cone, PixelOf(piece.cone, slot));
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

// The first row of an item's random search.
NEMF_HD int SearchRow(const WorkItemView& piece, int item) {
  return piece.first_search + (item - piece.first_item) * piece.search_candidates;
}

// By item: propagation's choice, and the random search's candidates around it -> its search rows.
struct SelectAndSearch {
  BatchView batch;
  const int* ends;  // [items]
  RowsView candidates;
  ScoredPoint* best;  // [items]
  RowsView search;

  NEMF_HD void operator()(int item) const {
    const int p = PieceOfItem(batch, item);
    const WorkItemView& piece = batch.pieces[p];
    const int slot = IndexOfItem(piece, item);
    const int first = item == 0 ? 0 : ends[item - 1];
    const ScoredPoint chosen = SelectBest(OwnValue(piece, slot), candidates.reference + first,
                                          candidates.scores + first, ends[item] - first);
    best[item] = chosen;
    const int pixel = PixelOf(piece.cone, slot);
    const int row = SearchRow(piece, item);
    for (int i = 0; i < piece.search_candidates; ++i) {
      search.reference[row + i] = RandomCandidate(chosen.point, piece.search_radii[i], piece.seed,
                                                  pixel, piece.iteration, i);
      search.piece[row + i] = p;
      search.query[row + i] = PixelIndex(piece.cone, pixel);
    }
  }
};

// By item: the best of them, moved back into the search radius, is the slot's new value.
struct FinishSlots {
  BatchView batch;
  const ScoredPoint* best;
  RowsView search;

  NEMF_HD void operator()(int item) const {
    const WorkItemView& piece = batch.pieces[PieceOfItem(batch, item)];
    const int slot = IndexOfItem(piece, item);
    const int row = SearchRow(piece, item);
    ScoredPoint better = best[item];
    for (int i = 0; i < piece.search_candidates; ++i) {
      better = Better(better, {search.reference[row + i], search.scores[row + i]});
    }
    const ScoredPoint kept = ClampScored(better, piece.initial[slot], piece.radius);
    piece.after[slot] = kept.point;
    piece.changed_after[slot] = Same(kept.point, piece.before[slot]) ? 0 : 1;
    piece.scores_after[slot] = kept.score;
  }
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_PATCHMATCH_KERNELS_H_
