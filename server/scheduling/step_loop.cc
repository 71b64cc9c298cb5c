#include "server/scheduling/step_loop.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "server/scheduling/step_order.h"

namespace nemf {
namespace {

// Hears nothing; stands in where there is no observer.
SchedulerObserver* Deaf() {
  static SchedulerObserver* const observer = new SchedulerObserver;
  return observer;
}

bool IsCancelled(const AcceptedJob& job) { return job.cancelled->load(); }

// Splits off the jobs for which `stays` is false; the others keep their order.
template <typename Jobs, typename Stays>
Jobs SplitOff(Jobs& jobs, Stays stays) {
  const auto leaving = std::stable_partition(jobs.begin(), jobs.end(), stays);
  Jobs split(std::make_move_iterator(leaving), std::make_move_iterator(jobs.end()));
  jobs.erase(leaving, jobs.end());
  return split;
}

}  // namespace

StepLoop::StepLoop(Engine* engine, Clock* clock, const SchedulerOptions& options,
                   SchedulerObserver* observer)
    : engine_(engine),
      clock_(clock),
      options_(options),
      observer_(observer != nullptr ? observer : Deaf()),
      slots_(options.max_active_jobs) {}

StepLoop::~StepLoop() { assert(idle()); }

void StepLoop::Add(AcceptedJob job) {
  queue_.push_back(std::move(job));
  observer_->OnQueuedJobs(+1);
}

bool StepLoop::RunOnce() {
  DropLeavers();
  RunEncoderPass();
  DropLeavers();
  StepChunk();
  assert(slots_.in_use() == active());
  return !idle();
}

void StepLoop::DropLeavers() {
  const absl::Time now = clock_->Now();
  const auto stays = [now](const AcceptedJob& job) {
    return !IsCancelled(job) && job.job.deadline > now;
  };
  for (AcceptedJob& job : SplitOff(queue_, stays)) {
    const bool cancelled = IsCancelled(job);
    observer_->OnQueuedJobs(-1);
    observer_->OnJobDropped(cancelled ? DropReason::kCancelled : DropReason::kExpiredQueued);
    answers_.push_back({std::move(job.job.sink),
                        cancelled ? absl::CancelledError("cancelled while waiting in the queue")
                                  : absl::DeadlineExceededError(
                                        "the deadline passed while waiting in the queue")});
  }
  const auto active_stays = [&](const ActiveJob& job) { return stays(job.accepted); };
  for (ActiveJob& job : SplitOff(active_, active_stays)) {
    const bool cancelled = IsCancelled(job.accepted);
    observer_->OnJobDropped(cancelled ? DropReason::kCancelled : DropReason::kExpiredActive);
    LeaveActive(std::move(job),
                cancelled ? absl::CancelledError("cancelled while matching")
                          : absl::DeadlineExceededError("the deadline passed while matching"));
  }
  Deliver();
}

void StepLoop::RunEncoderPass() {
  std::vector<PairGroup> groups = TakeEncoderBatch(queue_, options_.max_encoder_batch, slots_);
  if (groups.empty()) return;
  const absl::Time now = clock_->Now();
  for (PairGroup& group : groups) {
    for (AdmittedJob& job : group) {
      job.accepted.queue_slot = Slot();
      observer_->OnQueuedJobs(-1);
      observer_->OnQueueWait(now - job.accepted.submitted);
    }
  }
  Encode(absl::MakeSpan(groups));
}

void StepLoop::Encode(absl::Span<PairGroup> groups) {
  std::vector<const ImagePair*> pairs;
  for (const PairGroup& group : groups) pairs.push_back(group.front().accepted.job.pair.get());
  const absl::Time start = clock_->Now();
  auto encoded = engine_->Encode(pairs);
  const absl::Duration duration = clock_->Now() - start;
  if (encoded.ok()) {
    observer_->OnEncoderPass(static_cast<int>(pairs.size()), duration);
    JobStatistics pass;
    pass.encode_time = duration;
    pass.encoder_batch_pairs = static_cast<int>(pairs.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (AdmittedJob& job : groups[i]) Activate(job, (*encoded)[i], start, pass);
    }
  } else if (groups.size() > 1) {
    for (std::size_t i = 0; i < groups.size(); ++i) Encode(groups.subspan(i, 1));
  } else {
    for (AdmittedJob& job : groups.front()) {
      observer_->OnJobDropped(DropReason::kEngineError);
      answers_.push_back({std::move(job.accepted.job.sink), encoded.status()});
    }
  }
}

void StepLoop::Activate(AdmittedJob& job, const std::shared_ptr<const EncodedPair>& encoded,
                        absl::Time encode_start, const JobStatistics& pass) {
  ActiveJob active;
  active.accepted = std::move(job.accepted);
  active.slot = std::move(job.slot);
  active.statistics = pass;
  active.statistics.queue_time = encode_start - active.accepted.submitted;
  active.encoded = encode_start + pass.encode_time;
  active.arrival = arrivals_++;
  Job& request = active.accepted.job;
  request.pair.reset();
  active.task = engine_->Start(encoded, std::move(request.keypoints), request.options);
  observer_->OnActiveJobs(request.kind, +1);
  active_.push_back(std::move(active));
}

void StepLoop::StepChunk() {
  AnswerDone();  // a task may have nothing to do at all
  if (!active_.empty()) {
    ++chunks_;
    const std::vector<MatchTask*> tasks = TasksInOrder();
    const absl::Time start = clock_->Now();
    const absl::StatusOr<std::int64_t> spent = engine_->Step(tasks, options_.chunk_queries);
    if (spent.ok()) {
      observer_->OnStep(*spent, clock_->Now() - start);
    } else if (tasks.size() > 1) {
      StepEachAlone(tasks);
    } else {
      DropFailed(tasks.front(), spent.status());
    }
    NoteProgress();
    AnswerDone();
  }
  Deliver();
}

std::vector<MatchTask*> StepLoop::TasksInOrder() const {
  std::vector<StepCandidate> candidates;
  for (const ActiveJob& job : active_) {
    candidates.push_back({job.task->queries_left(), job.idle_chunks, job.arrival});
  }
  std::vector<MatchTask*> tasks;
  for (const std::size_t i : StepOrder(candidates, chunks_)) tasks.push_back(active_[i].task.get());
  return tasks;
}

void StepLoop::StepEachAlone(const std::vector<MatchTask*>& tasks) {
  // Together the tasks get about one chunk, as they would have without the failure.
  const std::int64_t share =
      std::max<std::int64_t>(1, options_.chunk_queries / static_cast<std::int64_t>(tasks.size()));
  for (MatchTask* const task : tasks) {
    if (task->done()) continue;
    const absl::Time start = clock_->Now();
    const absl::StatusOr<std::int64_t> spent = engine_->Step({task}, share);
    if (spent.ok()) {
      observer_->OnStep(*spent, clock_->Now() - start);
    } else {
      DropFailed(task, spent.status());
    }
  }
}

void StepLoop::DropFailed(const MatchTask* task, const absl::Status& error) {
  for (ActiveJob& job : SplitOff(active_, [&](auto& job) { return job.task.get() != task; })) {
    observer_->OnJobDropped(DropReason::kEngineError);
    LeaveActive(std::move(job), error);
  }
}

void StepLoop::NoteProgress() {
  for (ActiveJob& job : active_) {
    const std::int64_t spent = job.task->queries_spent();
    job.idle_chunks = spent > job.queries_spent ? 0 : job.idle_chunks + 1;
    job.queries_spent = spent;
  }
}

void StepLoop::AnswerDone() {
  for (ActiveJob& job : SplitOff(active_, [](auto& job) { return !job.task->done(); })) {
    JobResult result{job.task->TakeResult(), job.statistics};
    result.statistics.match_time = clock_->Now() - job.encoded;
    result.statistics.field_queries = job.task->queries_spent();
    LeaveActive(std::move(job), std::move(result));
  }
}

void StepLoop::LeaveActive(ActiveJob job, absl::StatusOr<JobResult> result) {
  observer_->OnActiveJobs(job.accepted.job.kind, -1);
  answers_.push_back({std::move(job.accepted.job.sink), std::move(result)});
}

void StepLoop::Deliver() {
  for (Answer& answer : std::exchange(answers_, {})) answer.sink->OnDone(std::move(answer.result));
}

}  // namespace nemf
