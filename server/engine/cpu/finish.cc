#include "server/engine/cpu/finish.h"

#include "server/engine/math/adam.h"
#include "server/engine/math/search.h"

namespace nemf {

namespace {

// The map sampled bilinearly at a keypoint, from the values of its support's pixels.
Vec2 SampleSupport(const TaskPlan& plan, const std::vector<Vec2>& values,
                   const KeypointSupport& support) {
  Vec2 corner[4];
  for (int i = 0; i < 4; ++i) corner[i] = values[plan.active.SupportSlot(support.pixel[i])];
  return LerpCorners(corner, support.fraction_x, support.fraction_y);
}

// Where a point of the answer stands after PatchMatch, or in the coarse map if that is asked for,
// or in the grid of a field.
Vec2 StartOf(const CpuTask& task, int point) {
  const TaskPlan& plan = task.plan;
  if (plan.samples_field()) {
    return GridNode(point, plan.field_nodes.width, plan.field_nodes.height);
  }
  const std::vector<Vec2>& values = task.values[plan.iterations() % 2];
  if (plan.dense()) return values[point];
  if (plan.options.refinement == Refinement::kCoarse) {
    const Point keypoint = plan.keypoints[point];
    return SampleCoarse(task.pair().coarse(), keypoint.x, keypoint.y, task.active.width,
                        task.active.height);
  }
  return SampleSupport(plan, values, plan.supports[point]);
}

QueryIndex QueryOf(const CpuTask& task, int point) {
  if (task.plan.dense()) return task.PixelIndex(point);
  return task.plan.samples_field() ? QueryIndex{0, 0} : QueryIndex{point, point};
}

// The points' coordinates, starting from where they stand, and query indices -> scratch's rows.
void CollectPoints(const CpuTask& task, int begin, int end, CpuScratch* scratch) {
  scratch->reference.clear();
  scratch->query.clear();
  for (int point = begin; point < end; ++point) {
    scratch->reference.push_back(StartOf(task, point));
    scratch->query.push_back(QueryOf(task, point));
  }
}

// The optimiser's steps on scratch's rows, each point for itself.
void Optimize(const CpuField& field, const FieldQueries& queries, const TaskPlan& plan,
              CpuScratch* scratch) {
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

Match MakeMatch(Vec2 reference, float score, ImageSize size) {
  Match match;
  const Vec2 pixel = {ToPixel(reference.x, size.width), ToPixel(reference.y, size.height)};
  match.reference = {pixel.x, pixel.y};
  match.score = score;
  match.in_bounds = InsideImage(pixel, size.width, size.height);
  return match;
}

}  // namespace

int RunFinish(const CpuField& field, CpuTask* task, int begin, int end, CpuScratch* scratch) {
  const TaskPlan& plan = task->plan;
  CollectPoints(*task, begin, end, scratch);
  const FieldQueries queries = {task->pair().phi(), plan.dense() ? &task->pixels : &task->keypoints,
                                scratch->reference, scratch->query};
  Optimize(field, queries, plan, scratch);
  scratch->scores.resize(scratch->reference.size());
  field.Score(queries, scratch->field.get(), scratch->scores.data());
  for (int point = begin; point < end; ++point) {
    const int i = point - begin;
    task->matches[point] =
        MakeMatch(scratch->reference[i], scratch->scores[i], plan.pair->reference_size());
  }
  return (end - begin) * (plan.optimize_steps() + 1);
}

}  // namespace nemf
