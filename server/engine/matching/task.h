#ifndef NEMF_SERVER_ENGINE_MATCHING_TASK_H_
#define NEMF_SERVER_ENGINE_MATCHING_TASK_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "server/engine/matching/backend.h"

namespace nemf {

// The state machine of a matching run: which work items come next. It does no arithmetic.
class Task : public MatchTask {
 public:
  Task(std::unique_ptr<TaskPlan> plan, std::shared_ptr<Backend> backend);

  bool done() const override { return phase_ == Phase::kDone; }
  std::int64_t queries_spent() const override { return queries_spent_; }
  std::int64_t queries_left() const override;
  std::vector<Match> TakeResult() override;
  void RequestSnapshots(std::vector<int> iterations) override;
  std::vector<FlowSnapshot> TakeSnapshots() override { return std::exchange(snapshots_, {}); }

  // Whether the dependency cone is to be grown next.
  bool growing() const { return phase_ == Phase::kGrowCone; }
  // Grows the cone by the sites that `max_queries` pay for, but by a minimum. Returns their price.
  // Requires growing().
  std::int64_t GrowCone(std::int64_t max_queries);

  // Returns the next item. It costs at most `max_queries`, unless that is less than the smallest
  // item. Requires !done() and !growing().
  WorkItem NextItem(std::int64_t max_queries) const;
  // Returns an upper bound of an item's cost, in field evaluations.
  std::int64_t Bound(const WorkItem& item) const;
  // Goes on after NextItem()'s item was done. Returns its cost, in field evaluations.
  std::int64_t Advance(const WorkItem& item);

 private:
  // Returns the phase of a sweep over sites. After the last sweep comes the refinement, over
  // points.
  Phase PhaseOfSweep(int sweep) const;
  // Return the number of elements of a sweep, and of the present phase.
  int SizeOfSweep(int sweep) const;
  int SizeOfPhase() const;
  // Returns the price of an element, or the most field evaluations that it needs.
  double CostOfElement(Phase phase) const;
  std::int64_t Cost(Phase phase, std::int64_t elements) const;
  // Returns the number of elements that `max_queries` pay for, but at least a minimum.
  int Affordable(std::int64_t max_queries) const;
  // Returns the cost of all phases left, whole. Requires a complete dependency cone.
  std::int64_t CostOfPhasesLeft() const;
  void EndPhase();

  const std::unique_ptr<TaskPlan> plan_;
  const std::shared_ptr<Backend> backend_;
  const ElementPrices prices_;
  const std::unique_ptr<TaskState> state_;
  Phase phase_;
  int iteration_ = 0;  // sweeps over sites that are done
  int position_ = 0;   // elements of the phase that are done
  std::int64_t queries_spent_ = 0;
  std::vector<int> snapshot_iterations_;  // still to come, ascending
  std::vector<FlowSnapshot> snapshots_;   // not yet taken
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_TASK_H_
