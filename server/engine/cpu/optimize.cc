#include "server/engine/cpu/optimize.h"

#include <algorithm>

#include "server/engine/math/adam.h"
#include "server/engine/math/search.h"

namespace nemf {

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

int RunOptimizeNodes(const CpuField& field, CpuTask* task, int pass, int begin, int end,
                     CpuScratch* scratch) {
  const std::vector<Vec2>& before = task->Before(pass);
  scratch->reference.assign(before.begin() + begin, before.begin() + end);
  scratch->query.clear();
  for (int slot = begin; slot < end; ++slot) {
    scratch->query.push_back(task->NodeIndex(PixelOf(task->cone, slot)));
  }
  Optimize(field, {task->pair().phi(), &task->nodes, scratch->reference, scratch->query},
           task->plan, scratch);
  std::copy(scratch->reference.begin(), scratch->reference.end(),
            task->After(pass).begin() + begin);
  return (end - begin) * task->plan.optimize_steps();
}

}  // namespace nemf
