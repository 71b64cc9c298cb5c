#include "server/engine/cpu/refine.h"

#include "server/engine/cpu/optimize.h"
#include "server/engine/cpu/upsample.h"

namespace nemf {

namespace {

// Where a point of the answer stands after PatchMatch, or in the coarse map if that is asked for,
// or in the grid of a field.
Vec2 StartOf(const CpuTask& task, int point) {
  const TaskPlan& plan = task.plan;
  if (plan.samples_field()) {
    return GridNode(point, plan.field_nodes.width, plan.field_nodes.height);
  }
  if (plan.dense()) return task.Before(plan.passes())[point];
  if (plan.options.refinement == Refinement::kCoarse) {
    const Point keypoint = plan.keypoints[point];
    return SampleCoarse(task.pair().coarse(), keypoint.x, keypoint.y, plan.lattice.query_width,
                        plan.lattice.query_height);
  }
  const KeypointSupport& support = plan.supports[point];
  Vec2 corners[4];
  task.ReadSupport(support, plan.passes(), corners);
  return LerpCorners(corners, support.fraction_x, support.fraction_y);
}

// The points' coordinates, starting from where they stand, and query indices -> scratch's rows.
void CollectPoints(const CpuTask& task, int begin, int end, CpuScratch* scratch) {
  scratch->reference.clear();
  scratch->query.clear();
  for (int point = begin; point < end; ++point) {
    scratch->reference.push_back(StartOf(task, point));
    scratch->query.push_back(task.PointIndex(point));
  }
}

}  // namespace

int RunRefine(const CpuField& field, CpuTask* task, int begin, int end, CpuScratch* scratch) {
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

}  // namespace nemf
