#include "server/engine/cpu/phases.h"
#include "server/engine/math/search.h"

namespace nemf::cpu {

namespace {

// One iteration on a range of sites. The steps are in the order of Run().
class Iteration {
 public:
  Iteration(const Field& field, TaskArrays* task, int iteration, int begin, int end,
            Scratch* scratch)
      : field_(field),
        task_(*task),
        options_(task->plan.options),
        iteration_(iteration),
        begin_(begin),
        end_(end),
        before_(task->Before(iteration)),
        after_(task->After(iteration)),
        scratch_(*scratch) {
    for (int i = 0; i < options_.search_candidates; ++i) {
      radii_[i] = options_.SearchRadius(iteration, i);
    }
  }

  int Run() {
    CollectPropagation();
    int queries = ScoreRows();
    SelectPropagated();
    CollectSearch();
    queries += ScoreRows();
    CommitSites();
    return queries;
  }

 private:
  void ClearRows() {
    scratch_.reference.clear();
    scratch_.query.clear();
  }

  void AddRow(Vec2 reference, TableIndex query) {
    scratch_.reference.push_back(reference);
    scratch_.query.push_back(query);
  }

  int ScoreRows() {
    scratch_.scores.resize(scratch_.reference.size());
    field_.Score({task_.pair().phi(), &task_.nodes, scratch_.reference, scratch_.query},
                 scratch_.field.get(), scratch_.scores.data());
    return static_cast<int>(scratch_.reference.size());
  }

  ScoredPoint Own(int site) const { return {before_[site], task_.scores[site]}; }

  // Returns a bit for each of the sites: whether the iteration before changed its value.
  unsigned ChangedBits(const int sites[4]) const {
    const std::vector<char>& changed = task_.changed[iteration_ % 2];
    unsigned bits = 0;
    for (int i = 0; i < 4; ++i) bits |= static_cast<unsigned>(changed[sites[i]]) << i;
    return bits;
  }

  void CollectPropagation() {
    ClearRows();
    scratch_.first_row.clear();
    for (int site = begin_; site < end_; ++site) {
      int sites[4];
      NeighbourSites(task_.cone, site, sites);
      const Vec2 neighbours[4] = {before_[sites[0]], before_[sites[1]], before_[sites[2]],
                                  before_[sites[3]]};
      Vec2 candidates[kMaxCandidates];
      const int count = CollectCandidates(Own(site), neighbours, candidates, ChangedBits(sites));
      const TableIndex query = task_.NodeIndex(PixelOf(task_.cone, site));
      scratch_.first_row.push_back(static_cast<int>(scratch_.reference.size()));
      for (int i = 0; i < count; ++i) AddRow(candidates[i], query);
    }
    scratch_.first_row.push_back(static_cast<int>(scratch_.reference.size()));
  }

  void SelectPropagated() {
    scratch_.best.clear();
    for (int site = begin_; site < end_; ++site) {
      const int row = scratch_.first_row[site - begin_];
      const int count = scratch_.first_row[site - begin_ + 1] - row;
      scratch_.best.push_back(SelectBest(Own(site), scratch_.reference.data() + row,
                                         scratch_.scores.data() + row, count));
    }
  }

  void CollectSearch() {
    ClearRows();
    for (int site = begin_; site < end_; ++site) {
      const int node = PixelOf(task_.cone, site);
      const Vec2 around = scratch_.best[site - begin_].point;
      for (int i = 0; i < options_.search_candidates; ++i) {
        AddRow(RandomCandidate(around, radii_[i], options_.seed, node, iteration_, i),
               task_.NodeIndex(node));
      }
    }
  }

  ScoredPoint BestOfSearch(int site) const {
    const int first = (site - begin_) * options_.search_candidates;
    ScoredPoint best = scratch_.best[site - begin_];
    for (int row = first; row < first + options_.search_candidates; ++row) {
      best = Better(best, {scratch_.reference[row], scratch_.scores[row]});
    }
    return best;
  }

  void CommitSites() {
    std::vector<char>& changed = task_.changed[(iteration_ + 1) % 2];
    for (int site = begin_; site < end_; ++site) {
      const ScoredPoint kept =
          ClampScored(BestOfSearch(site), task_.initial[site], options_.search_radius);
      after_[site] = kept.point;
      changed[site] = !Same(kept.point, before_[site]);
      task_.scores[site] = kept.score;
    }
  }

  const Field& field_;
  TaskArrays& task_;
  const MatchOptions& options_;
  const int iteration_;
  const int begin_;
  const int end_;
  const std::vector<Vec2>& before_;
  std::vector<Vec2>& after_;
  Scratch& scratch_;
  float radii_[kMaxSearchCandidates];  // by candidate of the random search
};

}  // namespace

int RunPatchMatch(const Field& field, TaskArrays* task, int iteration, int begin, int end,
                  Scratch* scratch) {
  return Iteration(field, task, iteration, begin, end, scratch).Run();
}

}  // namespace nemf::cpu
