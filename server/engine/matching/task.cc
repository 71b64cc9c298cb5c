#include "server/engine/matching/task.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/engine/matching/table_rows.h"
#include "server/engine/math/search.h"

namespace nemf {

namespace {

// Elements of the smallest work item. Fewer would leave most of a padded block of rows empty.
constexpr std::int64_t kMinElements = 64;

}  // namespace

Task::Task(std::unique_ptr<TaskPlan> plan, std::shared_ptr<Backend> backend)
    : plan_(std::move(plan)),
      backend_(std::move(backend)),
      prices_(backend_->prices()),
      state_(backend_->NewState(*plan_)),
      phase_(plan_->cone.complete() ? Phase::kFillTables : Phase::kGrowCone) {}

Phase Task::PhaseOfSweep(int sweep) const {
  if (sweep < plan_->iterations()) return Phase::kPatchMatch;
  return sweep < plan_->sweeps() ? Phase::kOptimizeNodes : Phase::kRefine;
}

int Task::SizeOfSweep(int sweep) const {
  switch (PhaseOfSweep(sweep)) {
    case Phase::kPatchMatch:
      return plan_->cone.Updated(sweep);
    case Phase::kOptimizeNodes:
      return plan_->cone.SupportSize();
    default:
      return plan_->num_points();
  }
}

int Task::SizeOfPhase() const {
  switch (phase_) {
    case Phase::kFillTables:
      return CountTableRows(*plan_);
    case Phase::kInitialize:
      return plan_->num_values();
    case Phase::kSnapshot:
      return plan_->num_points();
    default:
      return SizeOfSweep(iteration_);
  }
}

double Task::CostOfElement(Phase phase) const {
  const MatchOptions& options = plan_->options;
  switch (phase) {
    case Phase::kGrowCone:
      return prices_.cone_site;
    case Phase::kFillTables:
      return prices_.table_row;
    case Phase::kInitialize:
    case Phase::kSnapshot:
      return prices_.value;
    case Phase::kPatchMatch:
      return kMaxCandidates + options.search_candidates;
    case Phase::kOptimizeNodes:
      return plan_->optimize_steps();
    default:  // each with the final score
      return 1 + (plan_->strided() ? options.upsample_candidates : plan_->optimize_steps());
  }
}

std::int64_t Task::Cost(Phase phase, std::int64_t elements) const {
  return PriceOf(elements, CostOfElement(phase));
}

int Task::Affordable(std::int64_t max_queries) const {
  const double count = static_cast<double>(max_queries) / CostOfElement(phase_);
  const std::int64_t whole = std::min<double>(count, std::numeric_limits<int>::max());
  return static_cast<int>(std::max(kMinElements, whole));
}

std::int64_t Task::queries_left() const {
  if (done()) return 0;
  const std::int64_t spent = Cost(phase_, position_);
  if (!growing()) return CostOfPhasesLeft() - spent;
  const int previews = static_cast<int>(snapshot_iterations_.size());
  return BoundQueries(plan_->pair->query_size(), plan_->keypoints.size(), plan_->options, previews,
                      prices_) -
         spent;
}

std::int64_t Task::CostOfPhasesLeft() const {
  std::int64_t left = 0;
  if (phase_ <= Phase::kFillTables) left += Cost(Phase::kFillTables, CountTableRows(*plan_));
  if (phase_ <= Phase::kInitialize) left += Cost(Phase::kInitialize, plan_->num_values());
  left += static_cast<std::int64_t>(snapshot_iterations_.size()) *
          Cost(Phase::kSnapshot, plan_->num_points());
  for (int sweep = iteration_; sweep <= plan_->sweeps(); ++sweep) {
    left += Cost(PhaseOfSweep(sweep), SizeOfSweep(sweep));
  }
  return left;
}

std::vector<Match> Task::TakeResult() { return backend_->TakeResult(state_.get()); }

void Task::RequestSnapshots(std::vector<int> iterations) {
  if (!plan_->dense()) return;
  std::erase_if(iterations, [&](int each) { return each < 0 || each > plan_->iterations(); });
  iterations.erase(std::unique(iterations.begin(), iterations.end()), iterations.end());
  snapshot_iterations_ = std::move(iterations);
}

std::int64_t Task::GrowCone(std::int64_t max_queries) {
  const std::int64_t before = Cost(phase_, position_);
  position_ += plan_->cone.Grow(Affordable(max_queries));
  const std::int64_t price = Cost(phase_, position_) - before;
  if (plan_->cone.complete()) EndPhase();
  return price;
}

WorkItem Task::NextItem(std::int64_t max_queries) const {
  const std::int64_t end = std::int64_t{position_} + Affordable(max_queries);
  return {plan_.get(), state_.get(), phase_,
          iteration_,  position_,    static_cast<int>(std::min<std::int64_t>(end, SizeOfPhase()))};
}

std::int64_t Task::Bound(const WorkItem& item) const {
  return Cost(item.phase, item.end) - Cost(item.phase, item.begin);
}

std::int64_t Task::Advance(const WorkItem& item) {
  const std::int64_t cost = item.phase < Phase::kPatchMatch ? Bound(item) : item.queries;
  queries_spent_ += item.queries;
  position_ = item.end;
  if (position_ == SizeOfPhase()) EndPhase();
  return cost;
}

void Task::EndPhase() {
  position_ = 0;
  switch (phase_) {
    case Phase::kGrowCone:
      phase_ = Phase::kFillTables;
      return;
    case Phase::kFillTables:
      if (plan_->num_values() > 0) {
        phase_ = Phase::kInitialize;
        return;
      }
      break;
    case Phase::kInitialize:
      break;
    case Phase::kSnapshot:
      snapshots_.push_back({iteration_, backend_->TakeSnapshot(state_.get())});
      snapshot_iterations_.erase(snapshot_iterations_.begin());
      break;
    case Phase::kPatchMatch:
    case Phase::kOptimizeNodes:
      ++iteration_;
      break;
    default:
      phase_ = Phase::kDone;
      return;
  }
  const bool snapshot = !snapshot_iterations_.empty() && snapshot_iterations_.front() == iteration_;
  phase_ = snapshot ? Phase::kSnapshot : PhaseOfSweep(iteration_);
}

}  // namespace nemf
