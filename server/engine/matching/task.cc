#include "server/engine/matching/task.h"

#include <algorithm>
#include <utility>

#include "server/engine/math/search.h"

namespace nemf {

namespace {

// Items of the smallest piece: fewer would leave most of a padded block of rows empty.
constexpr std::int64_t kMinItems = 64;

}  // namespace

Task::Task(std::unique_ptr<const TaskPlan> plan, std::shared_ptr<Backend> backend)
    : plan_(std::move(plan)),
      backend_(std::move(backend)),
      state_(backend_->NewState(*plan_)),
      phase_(PhaseOfPass(0)) {}

Phase Task::PhaseOfPass(int pass) const {
  if (pass < plan_->iterations()) return Phase::kPatchMatch;
  return pass < plan_->passes() ? Phase::kOptimizeNodes : Phase::kRefine;
}

int Task::SizeOfPass(int pass) const {
  switch (PhaseOfPass(pass)) {
    case Phase::kPatchMatch:
      return plan_->active.Updated(pass);
    case Phase::kOptimizeNodes:
      return plan_->active.SupportSize();
    default:
      return plan_->num_points();
  }
}

std::int64_t Task::QueriesPerItem(Phase phase) const {
  switch (phase) {
    case Phase::kPatchMatch:
      return kMaxCandidates + plan_->options.search_candidates;
    case Phase::kOptimizeNodes:
      return plan_->optimize_steps();
    default:  // each with the final score
      return 1 + (plan_->strided() ? plan_->options.upsample_candidates : plan_->optimize_steps());
  }
}

std::int64_t Task::queries_left() const {
  if (done()) return 0;
  std::int64_t left = -position_ * QueriesPerItem(phase_);
  for (int pass = iteration_; pass <= plan_->passes(); ++pass) {
    left += SizeOfPass(pass) * QueriesPerItem(PhaseOfPass(pass));
  }
  return left;
}

std::vector<Match> Task::TakeResult() { return backend_->TakeResult(state_.get()); }

void Task::RequestSnapshots(std::vector<int> iterations) {
  snapshot_iterations_ = std::move(iterations);
  MaybeSnapshot();
}

void Task::MaybeSnapshot() {
  if (!plan_->dense()) return;
  if (!std::binary_search(snapshot_iterations_.begin(), snapshot_iterations_.end(), iteration_)) {
    return;
  }
  snapshots_.push_back({iteration_, backend_->Snapshot(*state_, iteration_)});
}

WorkItem Task::NextPiece(std::int64_t max_queries) const {
  const std::int64_t items = std::max(kMinItems, max_queries / QueriesPerItem(phase_));
  const std::int64_t end = std::min<std::int64_t>(position_ + items, SizeOfPass(iteration_));
  return {plan_.get(), state_.get(), phase_, iteration_, position_, static_cast<int>(end)};
}

std::int64_t Task::Bound(const WorkItem& piece) const {
  return (piece.end - piece.begin) * QueriesPerItem(piece.phase);
}

void Task::Advance(const WorkItem& piece) {
  queries_spent_ += piece.queries;
  position_ = piece.end;
  if (position_ < SizeOfPass(iteration_)) return;
  position_ = 0;
  if (phase_ == Phase::kRefine) {
    phase_ = Phase::kDone;
    return;
  }
  const bool iterated = phase_ == Phase::kPatchMatch;
  phase_ = PhaseOfPass(++iteration_);
  if (iterated) MaybeSnapshot();
}

}  // namespace nemf
