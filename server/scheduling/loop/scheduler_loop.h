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
#include "server/scheduling/admission/quantum_order.h"
#include "server/scheduling/encoding/encode_stage.h"
#include "server/scheduling/encoding/encoder_batch.h"
#include "server/scheduling/encoding/encoder_executor.h"
#include "server/scheduling/encoding/pair_cache.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler_options.h"

namespace nemf {

// The parts that a SchedulerLoop uses. All outlive the loop; none is null.
struct SchedulerLoopParts {
  Engine* engine;
  Clock* clock;
  SchedulerObserver* observer;
  AdmissionController* admission;
  EncoderExecutor* executor;
  PairCache* cache;
};

// The scheduler's policy without its thread. One call of RunOnce() is one tick:
//   1. cancelled and expired jobs leave,
//   2. waiting jobs become active if their pairs are encoded, in the encoder batch that ended or in
//      the cache; then the next batch starts (see EncodeStage),
//   3. jobs that were cancelled or expired meanwhile leave,
//   4. the active jobs share one quantum of matching (see QuantumOrder). A job that is finished
//      before the end of the quantum leaves at once and gets its answer; the others share the rest.
// An executor without a thread runs its batch between 2 and 3; when such a batch may start is
// written at kQuantaPerEncoderBatch. With a thread, encoding and matching do not wait for each
// other. Answers do not depend on the order.
//
// If the encoder fails on several pairs, it is called again for each alone; if a quantum fails,
// each of its tasks is stepped alone. So only the jobs that fail alone get the error. After a fatal
// error (fatal_error.h) the engine is not called again, and all jobs, then and later, get
// UNAVAILABLE.
//
// Not thread-safe. Sinks are called from RunOnce(), with the answer when the job holds no slot and
// no encoded pair any more, or with snapshots of a flow that goes on; a sink may call Add().
class SchedulerLoop {
 public:
  SchedulerLoop(const SchedulerLoopParts& parts, const SchedulerOptions& options);
  // Requires idle(): every job was answered.
  ~SchedulerLoop();

  void Add(AcceptedJob job);

  // Does the work of one tick. Returns whether jobs are left.
  bool RunOnce();

  bool idle() const { return encode_.idle() && active_.empty(); }
  // Returns whether no work can be done until a job comes or the running encoder batch ends.
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
    std::vector<float> cost;    // at a field's nodes
    absl::Time encoded;         // end of its encoder batch
    std::uint64_t arrival = 0;  // the order in which jobs became active
    std::int64_t idle_quanta = 0;
    std::int64_t queries_left = 0;  // as of the last quantum
  };
  struct Answer {
    std::shared_ptr<JobSink> sink;
    absl::StatusOr<JobResult> result;
  };

  void DropLeavers();
  void Drop(AcceptedJob job, DropReason when_expired, const char* where);
  void Encode();
  bool MayStartBatch() const;
  void Activate(EncodedJob encoded);
  // Notes whether the error is fatal, and returns the status for the jobs.
  absl::Status Diagnose(const absl::Status& error);
  void AbandonAll();
  void ReportWork();
  void RunQuantum();
  // Calls the engine once. Returns the queries of the quantum that it used up: all if it failed.
  std::int64_t StepOnce(std::int64_t max_queries);
  std::vector<MatchTask*> TasksInOrder() const;
  void StepEachAlone(const std::vector<MatchTask*>& tasks);
  // Calls the engine, and reports the evaluations and the time to the observer and the admission.
  absl::StatusOr<std::int64_t> Step(const std::vector<MatchTask*>& tasks, std::int64_t max_queries);
  void DropFailed(const MatchTask* task, const absl::Status& error);
  void Fail(AcceptedJob job, absl::Status error);
  void NoteProgress();
  void NoteIdleJobs();
  void CollectSnapshots(ActiveJob& job);
  int AnswerDone();  // returns how many jobs were done
  void Deliver();

  Engine* const engine_;
  Clock* const clock_;
  SchedulerObserver* const observer_;
  AdmissionController* const admission_;
  EncoderExecutor* const executor_;

  ActiveSlots slots_;  // outlives the jobs
  EncodeStage encode_;
  std::vector<ActiveJob> active_;
  // Delivered when no container is being walked: first snapshots, then answers.
  std::vector<std::pair<std::shared_ptr<JobSink>, FlowSnapshot>> snapshots_;
  std::vector<Answer> answers_;
  std::int64_t quanta_ = 0;
  std::int64_t quanta_since_batch_ = kQuantaPerEncoderBatch;  // that ran without a thread
  std::uint64_t arrivals_ = 0;
  absl::Status lost_;         // error if the device is lost
  double reported_work_ = 0;  // seconds that were reported to the observer
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_LOOP_SCHEDULER_LOOP_H_
