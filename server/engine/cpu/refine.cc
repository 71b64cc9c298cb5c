#include <algorithm>

#include "server/engine/cpu/phases.h"
#include "server/engine/math/adam.h"
#include "server/engine/math/search.h"
#include "server/engine/math/upsample.h"

namespace nemf::cpu {

void Optimize(const Field& field, const FieldQueries& queries, const TaskPlan& plan,
              Scratch* scratch) {
  const MatchOptions& options = plan.options;
  const std::vector<Vec2> start = scratch->reference;
  std::vector<AdamState> states(start.size());
  scratch->gradients.resize(start.size());
  for (int step = 0; step < plan.optimize_steps(); ++step) {
    const double rate = LearningRate(step, plan.optimize_steps(), options.learning_rate,
                                     options.final_learning_rate);
    const AdamStepSize size = MakeAdamStep(step, rate, options.weight_decay);
    field.LossGradient(queries, scratch->field.get(), scratch->gradients.data());
    for (std::size_t i = 0; i < start.size(); ++i) {
      const Vec2 moved = AdamUpdate(scratch->reference[i], scratch->gradients[i], size, &states[i]);
      scratch->reference[i] = ClampAround(moved, start[i], options.search_radius);
    }
  }
}

int RunOptimizeNodes(const Field& field, TaskArrays* task, int sweep, int begin, int end,
                     Scratch* scratch) {
  const std::vector<Vec2>& before = task->Before(sweep);
  scratch->reference.assign(before.begin() + begin, before.begin() + end);
  scratch->query.clear();
  for (int site = begin; site < end; ++site) {
    scratch->query.push_back(task->NodeIndex(PixelOf(task->cone, site)));
  }
  Optimize(field, {task->pair().phi(), &task->nodes, scratch->reference, scratch->query},
           task->plan, scratch);
  std::copy(scratch->reference.begin(), scratch->reference.end(),
            task->After(sweep).begin() + begin);
  return (end - begin) * task->plan.optimize_steps();
}

namespace {

// Writes the points' candidates to scratch's rows. A point's rows begin at first_row[point -
// begin].
void CollectCandidates(const TaskArrays& task, int begin, int end, Scratch* scratch) {
  const TaskPlan& plan = task.plan;
  const ImageSize reference = plan.pair->reference_size();
  const UpsampleScale scale = MakeUpsampleScale(plan.lattice, reference.width, reference.height);
  scratch->reference.clear();
  scratch->query.clear();
  scratch->first_row.clear();
  for (int point = begin; point < end; ++point) {
    const KeypointSupport support = plan.SupportOf(point);
    Vec2 nodes[4];
    task.ReadSupport(support, plan.sweeps(), nodes);
    Vec2 candidates[kMaxUpsampleCandidates];
    const int count =
        CollectUpsampled(support, nodes, scale, plan.options.upsample_candidates, candidates);
    scratch->first_row.push_back(static_cast<int>(scratch->reference.size()));
    scratch->reference.insert(scratch->reference.end(), candidates, candidates + count);
    scratch->query.insert(scratch->query.end(), count, task.PointIndex(point));
  }
  scratch->first_row.push_back(static_cast<int>(scratch->reference.size()));
}

ScoredPoint BestOfRows(const Scratch& scratch, int begin, int end) {
  ScoredPoint best = {scratch.reference[begin], scratch.scores[begin]};
  for (int row = begin + 1; row < end; ++row) {
    best = Better(best, {scratch.reference[row], scratch.scores[row]});
  }
  return best;
}

}  // namespace

int RunUpsample(const Field& field, TaskArrays* task, int begin, int end, Scratch* scratch) {
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

namespace {

// Returns the place of a point of the answer after PatchMatch, in the coarse map, or in the grid of
// a FieldSample task.
Vec2 StartOf(const TaskArrays& task, int point) {
  const TaskPlan& plan = task.plan;
  if (plan.samples_field()) {
    return GridNode(point, plan.field_nodes.width, plan.field_nodes.height);
  }
  if (plan.dense()) return task.Before(plan.sweeps())[point];
  if (plan.options.refinement == Refinement::kCoarse) {
    const Point keypoint = plan.keypoints[point];
    return SampleCoarse(task.pair().coarse(), keypoint.x, keypoint.y, plan.lattice.query_width,
                        plan.lattice.query_height);
  }
  const KeypointSupport& support = plan.supports[point];
  Vec2 corners[4];
  task.ReadSupport(support, plan.sweeps(), corners);
  return LerpCorners(corners, support.fraction_x, support.fraction_y);
}

// Writes the points' first coordinates and their indices in the point table to scratch's rows.
void CollectPoints(const TaskArrays& task, int begin, int end, Scratch* scratch) {
  scratch->reference.clear();
  scratch->query.clear();
  for (int point = begin; point < end; ++point) {
    scratch->reference.push_back(StartOf(task, point));
    scratch->query.push_back(task.PointIndex(point));
  }
}

}  // namespace

int RunRefine(const Field& field, TaskArrays* task, int begin, int end, Scratch* scratch) {
  const TaskPlan& plan = task->plan;
  if (plan.strided()) return RunUpsample(field, task, begin, end, scratch);
  CollectPoints(*task, begin, end, scratch);
  const FieldQueries queries = {task->pair().phi(), &task->points(), scratch->reference,
                                scratch->query};
  Optimize(field, queries, plan, scratch);
  scratch->scores.resize(scratch->reference.size());
  field.Score(queries, scratch->field.get(), scratch->scores.data());
  for (int point = begin; point < end; ++point) {
    const int i = point - begin;
    task->SetMatch(point, scratch->reference[i], scratch->scores[i]);
  }
  return (end - begin) * (plan.optimize_steps() + 1);
}

}  // namespace nemf::cpu
