#include "server/engine/task.h"

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
      phase_(plan_->iterations() > 0 ? Phase::kPatchMatch : Phase::kFinish) {}

int Task::PhaseSize() const {
  return phase_ == Phase::kPatchMatch ? plan_->active.Updated(iteration_) : plan_->num_points();
}

std::int64_t Task::QueriesPerItem(Phase phase) const {
  if (phase == Phase::kPatchMatch) return kMaxCandidates + 1;  // and one of the random search
  return plan_->optimize_steps() + 1;                          // and the final score
}

std::int64_t Task::queries_left() const {
  if (done()) return 0;
  std::int64_t left = (PhaseSize() - position_) * QueriesPerItem(phase_);
  if (phase_ == Phase::kFinish) return left;
  for (int i = iteration_ + 1; i < plan_->iterations(); ++i) {
    left += plan_->active.Updated(i) * QueriesPerItem(Phase::kPatchMatch);
  }
  return left + plan_->num_points() * QueriesPerItem(Phase::kFinish);
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

Piece Task::NextPiece(std::int64_t max_queries) const {
  const std::int64_t items = std::max(kMinItems, max_queries / QueriesPerItem(phase_));
  const std::int64_t end = std::min<std::int64_t>(position_ + items, PhaseSize());
  return {plan_.get(), state_.get(), phase_, iteration_, position_, static_cast<int>(end)};
}

std::int64_t Task::Bound(const Piece& piece) const {
  return (piece.end - piece.begin) * QueriesPerItem(piece.phase);
}

void Task::Advance(const Piece& piece) {
  queries_spent_ += piece.queries;
  position_ = piece.end;
  if (position_ < PhaseSize()) return;
  position_ = 0;
  if (phase_ == Phase::kFinish) {
    phase_ = Phase::kDone;
  } else {
    if (++iteration_ == plan_->iterations()) phase_ = Phase::kFinish;
    MaybeSnapshot();
  }
}

}  // namespace nemf
