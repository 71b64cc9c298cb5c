#include "server/engine/cpu/upsample.h"

#include "server/engine/math/search.h"
#include "server/engine/math/upsample.h"

namespace nemf {

namespace {

// The points' candidates -> scratch's rows, a point's from first_row[point - begin] on.
void CollectCandidates(const CpuTask& task, int begin, int end, CpuScratch* scratch) {
  const TaskPlan& plan = task.plan;
  const ImageSize reference = plan.pair->reference_size();
  const UpsampleScale scale = MakeUpsampleScale(plan.lattice, reference.width, reference.height);
  scratch->reference.clear();
  scratch->query.clear();
  scratch->first_row.clear();
  for (int point = begin; point < end; ++point) {
    const KeypointSupport support = plan.SupportOf(point);
    Vec2 nodes[4];
    task.ReadSupport(support, plan.passes(), nodes);
    Vec2 candidates[kMaxUpsampleCandidates];
    const int count =
        CollectUpsampled(support, nodes, scale, plan.options.upsample_candidates, candidates);
    scratch->first_row.push_back(static_cast<int>(scratch->reference.size()));
    scratch->reference.insert(scratch->reference.end(), candidates, candidates + count);
    scratch->query.insert(scratch->query.end(), count, task.PointIndex(point));
  }
  scratch->first_row.push_back(static_cast<int>(scratch->reference.size()));
}

ScoredPoint BestOfRows(const CpuScratch& scratch, int begin, int end) {
  ScoredPoint best = {scratch.reference[begin], scratch.scores[begin]};
  for (int row = begin + 1; row < end; ++row) {
    best = Better(best, {scratch.reference[row], scratch.scores[row]});
  }
  return best;
}

}  // namespace

int RunUpsample(const CpuField& field, CpuTask* task, int begin, int end, CpuScratch* scratch) {
  CollectCandidates(*task, begin, end, scratch);
  scratch->scores.resize(scratch->reference.size());
  field.Score({task->pair().phi(), &task->points(), scratch->reference, scratch->query},
              scratch->field.get(), scratch->scores.data());
  for (int point = begin; point < end; ++point) {
    const int i = point - begin;
    const ScoredPoint best = BestOfRows(*scratch, scratch->first_row[i], scratch->first_row[i + 1]);
    task->SetMatch(point, best.point, best.score);
  }
  return static_cast<int>(scratch->reference.size());
}

}  // namespace nemf
