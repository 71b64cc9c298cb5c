#include "server/engine/cpu/phases.h"
#include "server/engine/math/search.h"

namespace nemf::cpu {

namespace {

// An iteration's work on a range of slots; the steps in the order of Run().
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
    FinishSlots();
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

  ScoredPoint Own(int slot) const { return {before_[slot], task_.scores[slot]}; }

  // Which of the slots' values the iteration before changed.
  unsigned FreshBits(const int slots[4]) const {
    const std::vector<char>& changed = task_.changed[iteration_ % 2];
    unsigned bits = 0;
    for (int i = 0; i < 4; ++i) bits |= static_cast<unsigned>(changed[slots[i]]) << i;
    return bits;
  }

  void CollectPropagation() {
    ClearRows();
    scratch_.first_row.clear();
    for (int slot = begin_; slot < end_; ++slot) {
      int slots[4];
      NeighbourSlots(task_.cone, slot, slots);
      const Vec2 neighbours[4] = {before_[slots[0]], before_[slots[1]], before_[slots[2]],
                                  before_[slots[3]]};
      Vec2 candidates[kMaxCandidates];
      const int count = CollectCandidates(Own(slot), neighbours, candidates, FreshBits(slots));
      const TableIndex query = task_.NodeIndex(PixelOf(task_.cone, slot));
      scratch_.first_row.push_back(static_cast<int>(scratch_.reference.size()));
      for (int i = 0; i < count; ++i) AddRow(candidates[i], query);
    }
    scratch_.first_row.push_back(static_cast<int>(scratch_.reference.size()));
  }

  void SelectPropagated() {
    scratch_.best.clear();
    for (int slot = begin_; slot < end_; ++slot) {
      const int row = scratch_.first_row[slot - begin_];
      const int count = scratch_.first_row[slot - begin_ + 1] - row;
      scratch_.best.push_back(SelectBest(Own(slot), scratch_.reference.data() + row,
                                         scratch_.scores.data() + row, count));
    }
  }

  void CollectSearch() {
    ClearRows();
    for (int slot = begin_; slot < end_; ++slot) {
      const int node = PixelOf(task_.cone, slot);
      const Vec2 around = scratch_.best[slot - begin_].point;
      for (int i = 0; i < options_.search_candidates; ++i) {
        AddRow(RandomCandidate(around, radii_[i], options_.seed, node, iteration_, i),
               task_.NodeIndex(node));
      }
    }
  }

  ScoredPoint BestOfSearch(int slot) const {
    const int first = (slot - begin_) * options_.search_candidates;
    ScoredPoint best = scratch_.best[slot - begin_];
    for (int row = first; row < first + options_.search_candidates; ++row) {
      best = Better(best, {scratch_.reference[row], scratch_.scores[row]});
    }
    return best;
  }

  void FinishSlots() {
    std::vector<char>& changed = task_.changed[(iteration_ + 1) % 2];
    for (int slot = begin_; slot < end_; ++slot) {
      const ScoredPoint kept =
          ClampScored(BestOfSearch(slot), task_.initial[slot], options_.search_radius);
      after_[slot] = kept.point;
      changed[slot] = !Same(kept.point, before_[slot]);
      task_.scores[slot] = kept.score;
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
