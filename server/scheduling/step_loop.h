#ifndef NEMF_SERVER_SCHEDULING_STEP_LOOP_H_
#define NEMF_SERVER_SCHEDULING_STEP_LOOP_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/engine/engine.h"
#include "server/scheduling/accepted_job.h"
#include "server/scheduling/clock.h"
#include "server/scheduling/encoder_batch.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

// The scheduler's policy without its thread: one call of RunOnce() is one step boundary, at which
//   1. cancelled and expired jobs leave,
//   2. waiting jobs go through one encoder pass (see TakeEncoderBatch) and become active,
//   3. those that were cancelled or expired meanwhile leave,
//   4. the active jobs share one chunk of matching (see StepOrder), and the finished leave.
// So an active job waits for at most one encoder pass a chunk, and a waiting pair for at most one
// chunk a pass, and answers are right whatever the order.
//
// Where the encoder fails on several pairs, it is called again for each alone; where a chunk fails,
// each of its tasks is stepped alone: only the jobs that fail alone get the error.
//
// Not safe for threads. Sinks are called from RunOnce() when the job holds nothing any more (no
// slot, no encoded pair); a sink may call Add().
class StepLoop {
 public:
  // Engine, clock and observer (may be null) outlive the loop.
  StepLoop(Engine* engine, Clock* clock, const SchedulerOptions& options,
           SchedulerObserver* observer);
  // Requires idle(): a loop is not dropped with jobs unanswered.
  ~StepLoop();

  void Add(AcceptedJob job);

  // Does the work of one boundary. Returns whether there is more to do.
  bool RunOnce();

  bool idle() const { return queue_.empty() && active_.empty(); }
  int queued() const { return static_cast<int>(queue_.size()); }
  int active() const { return static_cast<int>(active_.size()); }
  // Equal to active() between calls.
  int active_slots_in_use() const { return slots_.in_use(); }

 private:
  struct ActiveJob {
    AcceptedJob accepted;  // without pair and queue slot
    ActiveSlot slot;
    std::unique_ptr<MatchTask> task;
    JobStatistics statistics;
    absl::Time encoded;         // end of its encoder pass
    std::uint64_t arrival = 0;  // the order in which jobs became active
    std::int64_t idle_chunks = 0;
    std::int64_t queries_spent = 0;  // as of the last chunk
  };
  struct Answer {
    std::shared_ptr<JobSink> sink;
    absl::StatusOr<JobResult> result;
  };

  void DropLeavers();
  void RunEncoderPass();
  void Encode(absl::Span<PairGroup> groups);
  void Activate(AdmittedJob& job, const std::shared_ptr<const EncodedPair>& encoded,
                absl::Time encode_start, const JobStatistics& pass);
  void StepChunk();
  std::vector<MatchTask*> TasksInOrder() const;
  void StepEachAlone(const std::vector<MatchTask*>& tasks);
  void DropFailed(const MatchTask* task, const absl::Status& error);
  void NoteProgress();
  void AnswerDone();
  void LeaveActive(ActiveJob job, absl::StatusOr<JobResult> result);
  void Deliver();

  Engine* const engine_;
  Clock* const clock_;
  const SchedulerOptions options_;
  SchedulerObserver* const observer_;

  ActiveSlots slots_;  // outlives the jobs
  std::deque<AcceptedJob> queue_;
  std::vector<ActiveJob> active_;
  std::vector<Answer> answers_;  // to be delivered when no container is being walked
  std::int64_t chunks_ = 0;
  std::uint64_t arrivals_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_STEP_LOOP_H_
