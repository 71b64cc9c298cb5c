#ifndef NEMF_SERVER_SCHEDULING_LOOP_SCHEDULER_LOOP_H_
#define NEMF_SERVER_SCHEDULING_LOOP_SCHEDULER_LOOP_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/scheduling/admission/accepted_job.h"
#include "server/scheduling/admission/admission_controller.h"
#include "server/scheduling/encoding/encode_stage.h"
#include "server/scheduling/encoding/encoder_batch.h"
#include "server/scheduling/encoding/encoder_executor.h"
#include "server/scheduling/encoding/pair_cache.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

// What a SchedulerLoop works with. All of it outlives the loop; none is null.
struct SchedulerLoopParts {
  Engine* engine;
  Clock* clock;
  SchedulerObserver* observer;
  AdmissionController* admission;
  EncoderExecutor* executor;
  PairCache* cache;
};

// The scheduler's policy without its thread: one call of RunOnce() is one step boundary, at which
//   1. cancelled and expired jobs leave,
//   2. waiting jobs become active whose pairs are encoded: in the encoder pass that ended, or found
//      in the cache; and the next pass starts (see EncodeStage),
//   3. those that were cancelled or expired meanwhile leave,
//   4. the active jobs share one chunk of matching (see QuantumOrder). A job that is finished
//   before
//      the chunk's end leaves at once, and gets its answer; the others share what is left.
// A executor without a thread runs its pass between 2 and 3. Then an active job waits for at most
// one pass a chunk, and a waiting pair for at most one chunk a pass; with a thread, neither waits
// for the other. Answers are right whatever the order.
//
// Where the encoder fails on several pairs, it is called again for each alone; where a chunk fails,
// each of its tasks is stepped alone: only the jobs that fail alone get the error. After a fatal
// error (fatal_error.h) the engine is not called again, and all jobs, then and later, get
// UNAVAILABLE.
//
// Not safe for threads. Sinks are called from RunOnce() when the job holds nothing any more (no
// slot, no encoded pair), or with snapshots of a flow that goes on; a sink may call Add().
class SchedulerLoop {
 public:
  SchedulerLoop(const SchedulerLoopParts& parts, const SchedulerOptions& options);
  // Requires idle(): a loop is not dropped with jobs unanswered.
  ~SchedulerLoop();

  void Add(AcceptedJob job);

  // Does the work of one boundary. Returns whether there is more to do.
  bool RunOnce();

  bool idle() const { return encode_.idle() && active_.empty(); }
  // Whether there is nothing to do until a job comes or the running encoder pass ends.
  bool waiting() const { return active_.empty() && (idle() || executor_->busy()); }
  int queued() const { return encode_.queued(); }
  int in_batch() const { return encode_.in_batch(); }
  int active() const { return static_cast<int>(active_.size()); }
  // Equal to in_batch() + active() between calls.
  int active_slots_in_use() const { return slots_.in_use(); }

 private:
  struct ActiveJob {
    AcceptedJob accepted;  // without its pair
    ActiveSlot slot;
    std::unique_ptr<MatchTask> task;
    JobStatistics statistics;
    std::vector<float> cost;    // of a field's nodes
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
  void Drop(AcceptedJob job, DropReason when_expired, const char* where);
  void Encode();
  void Activate(EncodedJob encoded);
  // Notes whether the error is fatal, and returns what the jobs are told.
  absl::Status Diagnose(const absl::Status& error);
  void AbandonAll();
  void ReportWork();
  void RunQuantum();
  // One call of the engine. Returns the queries of the chunk that it took, all of them where it
  // failed.
  std::int64_t StepOnce(std::int64_t max_queries);
  std::vector<MatchTask*> TasksInOrder() const;
  void StepEachAlone(const std::vector<MatchTask*>& tasks);
  void NoteStep(std::int64_t queries, absl::Duration duration);
  void DropFailed(const MatchTask* task, const absl::Status& error);
  void Fail(AcceptedJob job, absl::Status error);
  void NoteProgress();
  void NoteIdleJobs();
  void CollectSnapshots(ActiveJob& job);
  int AnswerDone();  // how many there were
  void Deliver();

  Engine* const engine_;
  Clock* const clock_;
  SchedulerObserver* const observer_;
  AdmissionController* const admission_;
  EncoderExecutor* const executor_;
  const SchedulerOptions options_;

  ActiveSlots slots_;  // outlives the jobs
  EncodeStage encode_;
  std::vector<ActiveJob> active_;
  // To be delivered when no container is being walked: first these, then the answers.
  std::vector<std::pair<std::shared_ptr<JobSink>, FlowSnapshot>> snapshots_;
  std::vector<Answer> answers_;
  std::int64_t chunks_ = 0;
  std::uint64_t arrivals_ = 0;
  absl::Status lost_;         // why the device is lost, if it is
  double reported_work_ = 0;  // seconds that the observer knows of
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_LOOP_SCHEDULER_LOOP_H_
