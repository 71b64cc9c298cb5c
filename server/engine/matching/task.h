#ifndef NEMF_SERVER_ENGINE_MATCHING_TASK_H_
#define NEMF_SERVER_ENGINE_MATCHING_TASK_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "server/engine/matching/backend.h"

namespace nemf {

// The state machine of a matching run: which pieces of work come next. It knows no arithmetic.
class Task : public MatchTask {
 public:
  Task(std::unique_ptr<const TaskPlan> plan, std::shared_ptr<Backend> backend);

  bool done() const override { return phase_ == Phase::kDone; }
  std::int64_t queries_spent() const override { return queries_spent_; }
  std::int64_t queries_left() const override;
  std::vector<Match> TakeResult() override;
  void RequestSnapshots(std::vector<int> iterations) override;
  std::vector<FlowSnapshot> TakeSnapshots() override { return std::exchange(snapshots_, {}); }

  // The next piece, which needs at most `max_queries` queries unless that is less than the smallest
  // piece. Requires !done().
  WorkItem NextPiece(std::int64_t max_queries) const;
  // An upper bound of a piece's queries.
  std::int64_t Bound(const WorkItem& piece) const;
  // Says that NextPiece()'s piece was done.
  void Advance(const WorkItem& piece);

 private:
  // The phase of a pass over slots, and the slots in it; after the last pass comes the finish, over
  // points.
  Phase PhaseOfPass(int pass) const;
  int SizeOfPass(int pass) const;
  // Queries that a slot or point needs at most.
  std::int64_t QueriesPerItem(Phase phase) const;
  // Takes a snapshot if one was asked for after this many iterations.
  void MaybeSnapshot();

  const std::unique_ptr<const TaskPlan> plan_;
  const std::shared_ptr<Backend> backend_;
  const std::unique_ptr<TaskState> state_;
  Phase phase_;
  int iteration_ = 0;  // passes over slots that are done
  int position_ = 0;   // items of the phase that are done
  std::int64_t queries_spent_ = 0;
  std::vector<int> snapshot_iterations_;
  std::vector<FlowSnapshot> snapshots_;  // not yet taken
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_TASK_H_
