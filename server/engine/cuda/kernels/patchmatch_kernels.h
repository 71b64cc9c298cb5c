#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_PATCHMATCH_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_PATCHMATCH_KERNELS_H_

#include "server/engine/cuda/kernels/views.h"

// The steps of a PatchMatch iteration over a batch of sites, between the network's runs
// (docs/algorithm.md, section 5.2; cpu/patchmatch.cc does the same on the CPU). A kernel is a
// function of an index, called for 0 .. n - 1 in any order. The calls of one kernel are
// independent.
namespace nemf::cuda {

NEMF_HD ScoredPoint OwnValue(const WorkItemView& item, int site) {
  return {item.before[site], item.scores_before[site]};
}

// Propagation's candidates of a site; see CollectCandidates().
NEMF_HD int CandidatesOfSite(const WorkItemView& item, int site, Vec2 out[kMaxCandidates]) {
  int sites[4];
  NeighbourSites(item.cone, site, sites);
  const Vec2 neighbours[4] = {item.before[sites[0]], item.before[sites[1]], item.before[sites[2]],
                              item.before[sites[3]]};
  unsigned changed = 0;
  for (int i = 0; i < 4; ++i) changed |= static_cast<unsigned>(item.changed_before[sites[i]]) << i;
  return CollectCandidates(OwnValue(item, site), neighbours, out, changed);
}

// By site of a task, from `begin` on: its first value, the coarse answer at its node.
struct InitialValues {
  CoarseView coarse;
  ConeView cone;
  int begin;
  Vec2* initial;
  Vec2* values;
  char* changed;
  float* scores;
  int scored_sites;  // the number of sites that are ever updated, and so have a score

  NEMF_HD void operator()(int i) const {
    const int site = begin + i;
    const TableIndex index = PixelIndex(cone, PixelOf(cone, site));
    const Vec2 value = SampleCoarse(coarse, static_cast<float>(index.x),
                                    static_cast<float>(index.y), cone.width, cone.height);
    initial[site] = value;
    values[site] = value;
    changed[site] = 1;
    if (site < scored_sites) scores[site] = UnknownScore();
  }
};

// By element: the number of its candidates.
struct CountCandidates {
  BatchView batch;
  int* counts;  // [elements]

  NEMF_HD void operator()(int element) const {
    const WorkItemView& item = batch.items[ItemOfElement(batch, element)];
    Vec2 candidates[kMaxCandidates];
    counts[element] = CandidatesOfSite(item, IndexOfElement(item, element), candidates);
  }
};

// By element: its candidates -> the rows before ends[element], the running sum of the counts.
struct EmitCandidates {
  BatchView batch;
  const int* ends;  // [elements]
  RowsView rows;

  NEMF_HD void operator()(int element) const {
    const int p = ItemOfElement(batch, element);
    const WorkItemView& item = batch.items[p];
    const int site = IndexOfElement(item, element);
    Vec2 candidates[kMaxCandidates];
    const int count = CandidatesOfSite(item, site, candidates);
    const TableIndex query = PixelIndex(item.cone, PixelOf(item.cone, site));
    const int first = ends[element] - count;
    for (int i = 0; i < count; ++i) {
      rows.reference[first + i] = candidates[i];
      rows.item[first + i] = p;
      rows.query[first + i] = query;
    }
  }
};

// By item: the rows up to its end.
struct RowsByItem {
  BatchView batch;
  const int* ends;  // [elements]
  int* totals;      // [items]

  NEMF_HD void operator()(int p) const {
    const int end = p + 1 < batch.num_items ? batch.items[p + 1].first_element : batch.num_elements;
    totals[p] = ends[end - 1];
  }
};

// The first row of an element's random search.
NEMF_HD int SearchRow(const WorkItemView& item, int element) {
  return item.first_search + (element - item.first_element) * item.search_candidates;
}

// By element: propagation's choice, and the random search's candidates around it -> its search
// rows.
struct SelectAndSearch {
  BatchView batch;
  const int* ends;  // [elements]
  RowsView candidates;
  ScoredPoint* best;  // [elements]
  RowsView search;

  NEMF_HD void operator()(int element) const {
    const int p = ItemOfElement(batch, element);
    const WorkItemView& item = batch.items[p];
    const int site = IndexOfElement(item, element);
    const int first = element == 0 ? 0 : ends[element - 1];
    const ScoredPoint chosen = SelectBest(OwnValue(item, site), candidates.reference + first,
                                          candidates.scores + first, ends[element] - first);
    best[element] = chosen;
    const int pixel = PixelOf(item.cone, site);
    const int row = SearchRow(item, element);
    for (int i = 0; i < item.search_candidates; ++i) {
      search.reference[row + i] =
          RandomCandidate(chosen.point, item.search_radii[i], item.seed, pixel, item.iteration, i);
      search.item[row + i] = p;
      search.query[row + i] = PixelIndex(item.cone, pixel);
    }
  }
};

// By element: the best of them, moved back into the search radius, is the site's new value.
struct CommitSites {
  BatchView batch;
  const ScoredPoint* best;
  RowsView search;

  NEMF_HD void operator()(int element) const {
    const WorkItemView& item = batch.items[ItemOfElement(batch, element)];
    const int site = IndexOfElement(item, element);
    const int row = SearchRow(item, element);
    ScoredPoint better = best[element];
    for (int i = 0; i < item.search_candidates; ++i) {
      better = Better(better, {search.reference[row + i], search.scores[row + i]});
    }
    const ScoredPoint kept = ClampScored(better, item.initial[site], item.radius);
    item.after[site] = kept.point;
    item.changed_after[site] = Same(kept.point, item.before[site]) ? 0 : 1;
    item.scores_after[site] = kept.score;
  }
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_PATCHMATCH_KERNELS_H_
