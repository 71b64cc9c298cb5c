#include "server/scheduling/loop/scheduler_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/check.h"
#include "server/base/extract_if.h"
#include "server/engine/fatal_error.h"
#include "server/scheduling/admission/quantum_order.h"

namespace nemf {
namespace {

bool IsCancelled(const AcceptedJob& job) { return job.cancelled->load(); }

std::unique_ptr<MatchTask> StartTask(Engine* engine, Job& job,
                                     std::shared_ptr<const EncodedPair> pair) {
  if (job.kind == JobKind::kField) {
    return engine->StartField(std::move(pair), job.keypoints.front(), job.field_nodes);
  }
  auto task = engine->Start(std::move(pair), std::move(job.keypoints), job.options);
  if (!job.snapshots.empty()) task->RequestSnapshots(job.snapshots);
  return task;
}

}  // namespace

SchedulerLoop::SchedulerLoop(const SchedulerLoopParts& parts, const SchedulerOptions& options)
    : engine_(parts.engine),
      clock_(parts.clock),
      observer_(parts.observer),
      admission_(parts.admission),
      executor_(parts.executor),
      options_(options),
      slots_(options.max_active_jobs),
      encode_(std::min(options.max_encoder_batch, parts.engine->encoder_batch()), parts.executor,
              parts.cache, &slots_, parts.clock, parts.observer, parts.admission) {}

SchedulerLoop::~SchedulerLoop() { NEMF_CHECK(idle(), "a job was not answered"); }

void SchedulerLoop::Add(AcceptedJob job) { encode_.Add(std::move(job)); }

bool SchedulerLoop::RunOnce() {
  if (!lost_.ok()) AbandonAll();
  DropLeavers();
  Encode();
  DropLeavers();
  RunQuantum();
  if (!lost_.ok()) AbandonAll();
  NEMF_CHECK(slots_.in_use() == active() + in_batch());
  ReportWork();
  Deliver();
  return !idle();
}

void SchedulerLoop::DropLeavers() {
  const absl::Time now = clock_->Now();
  const auto stays = [now](const AcceptedJob& job) {
    return !IsCancelled(job) && job.job.deadline > now;
  };
  EncodeStage::Leavers leavers = encode_.TakeLeavers(stays);
  for (AcceptedJob& job : leavers.waiting) {
    Drop(std::move(job), DropReason::kExpiredQueued, "waiting in the queue");
  }
  for (AcceptedJob& job : leavers.in_batch) {
    Drop(std::move(job), DropReason::kExpiredActive, "its pair was encoded");
  }
  const auto active_stays = [&](const ActiveJob& job) { return stays(job.accepted); };
  for (ActiveJob& job : ExtractIf(active_, active_stays)) {
    observer_->OnActiveJobs(job.accepted.job.kind, -1);
    observer_->OnWastedQueries(job.task->queries_spent());
    Drop(std::move(job.accepted), DropReason::kExpiredActive, "matching");
  }
  Deliver();
}

void SchedulerLoop::Drop(AcceptedJob job, DropReason when_expired, const char* where) {
  const bool cancelled = IsCancelled(job);
  observer_->OnJobDropped(cancelled ? DropReason::kCancelled : when_expired);
  answers_.push_back(
      {std::move(job.job.sink),
       cancelled ? absl::CancelledError(absl::StrCat("cancelled while ", where))
                 : absl::DeadlineExceededError(absl::StrCat("the deadline passed while ", where))});
}

void SchedulerLoop::Encode() {
  EncodeStage::Outcome outcome = encode_.Advance();
  for (EncodedJob& job : outcome.encoded) Activate(std::move(job));
  for (FailedJob& job : outcome.failed) Fail(std::move(job.accepted), Diagnose(job.error));
}

void SchedulerLoop::Activate(EncodedJob encoded) {
  ActiveJob active;
  active.accepted = std::move(encoded.admitted.accepted);
  active.slot = std::move(encoded.admitted.slot);
  active.statistics = encoded.statistics;
  active.encoded = encoded.encoded;
  active.arrival = arrivals_++;
  Job& request = active.accepted.job;
  if (request.kind == JobKind::kField) {
    active.cost = encoded.pair->SampleCost(request.keypoints.front(), request.field_nodes);
  }
  active.task = StartTask(engine_, request, std::move(encoded.pair));
  observer_->OnActiveJobs(request.kind, +1);
  CollectSnapshots(active);
  active_.push_back(std::move(active));
}

void SchedulerLoop::RunQuantum() {
  AnswerDone();  // a task may have nothing to do at all
  if (active_.empty() || !lost_.ok()) return;
  ++chunks_;
  std::int64_t left = options_.chunk_queries;
  bool goes_on = true;
  while (goes_on && left > 0 && !active_.empty()) {
    const std::int64_t spent = StepOnce(left);
    left -= spent;
    // A part ends early only where a job was finished.
    goes_on = spent > 0 && AnswerDone() > 0;
    Deliver();
  }
  NoteIdleJobs();
}

std::int64_t SchedulerLoop::StepOnce(std::int64_t max_queries) {
  const std::vector<MatchTask*> tasks = TasksInOrder();
  const absl::Time start = clock_->Now();
  const absl::StatusOr<std::int64_t> spent = engine_->Step(tasks, max_queries);
  if (spent.ok()) {
    NoteStep(*spent, clock_->Now() - start);
  } else if (tasks.size() > 1 && !IsFatal(spent.status())) {
    StepEachAlone(tasks);
  } else {
    DropFailed(tasks.front(), spent.status());
  }
  NoteProgress();
  return spent.ok() ? *spent : max_queries;
}

std::vector<MatchTask*> SchedulerLoop::TasksInOrder() const {
  std::vector<QuantumCandidate> candidates;
  for (const ActiveJob& job : active_) {
    candidates.push_back(
        {job.task->queries_left(), job.idle_chunks, job.arrival, job.accepted.job.priority});
  }
  std::vector<MatchTask*> tasks;
  for (const std::size_t i : QuantumOrder(candidates, chunks_))
    tasks.push_back(active_[i].task.get());
  return tasks;
}

void SchedulerLoop::StepEachAlone(const std::vector<MatchTask*>& tasks) {
  // Together the tasks get about one chunk, as they would have without the failure.
  const std::int64_t share =
      std::max<std::int64_t>(1, options_.chunk_queries / static_cast<std::int64_t>(tasks.size()));
  for (MatchTask* const task : tasks) {
    if (task->done() || !lost_.ok()) continue;
    const absl::Time start = clock_->Now();
    const absl::StatusOr<std::int64_t> spent = engine_->Step({task}, share);
    if (spent.ok()) {
      NoteStep(*spent, clock_->Now() - start);
    } else {
      DropFailed(task, spent.status());
    }
  }
}

void SchedulerLoop::NoteStep(std::int64_t queries, absl::Duration duration) {
  observer_->OnStep(queries, duration);
  admission_->ObserveMatch(queries, duration);
}

void SchedulerLoop::DropFailed(const MatchTask* task, const absl::Status& error) {
  const absl::Status told = Diagnose(error);
  for (ActiveJob& job : ExtractIf(active_, [&](auto& job) { return job.task.get() != task; })) {
    observer_->OnActiveJobs(job.accepted.job.kind, -1);
    Fail(std::move(job.accepted), told);
  }
}

void SchedulerLoop::Fail(AcceptedJob job, absl::Status error) {
  observer_->OnJobDropped(DropReason::kEngineError);
  answers_.push_back({std::move(job.job.sink), std::move(error)});
}

absl::Status SchedulerLoop::Diagnose(const absl::Status& error) {
  if (!IsFatal(error)) return error;
  if (lost_.ok()) {
    lost_ = absl::UnavailableError(absl::StrCat("the device is lost: ", error.message()));
    observer_->OnDeviceLost(error);
  }
  return lost_;
}

void SchedulerLoop::AbandonAll() {
  EncodeStage::Leavers leavers = encode_.TakeLeavers([](const AcceptedJob&) { return false; });
  for (AcceptedJob& job : leavers.waiting) Fail(std::move(job), lost_);
  for (AcceptedJob& job : leavers.in_batch) Fail(std::move(job), lost_);
  for (ActiveJob& job : std::exchange(active_, {})) {
    observer_->OnActiveJobs(job.accepted.job.kind, -1);
    Fail(std::move(job.accepted), lost_);
  }
}

void SchedulerLoop::NoteProgress() {
  for (ActiveJob& job : active_) {
    job.accepted.ticket.SetQueriesLeft(job.task->queries_left());
    CollectSnapshots(job);
  }
}

void SchedulerLoop::NoteIdleJobs() {
  for (ActiveJob& job : active_) {
    const std::int64_t spent = job.task->queries_spent();
    job.idle_chunks = spent > job.queries_spent ? 0 : job.idle_chunks + 1;
    job.queries_spent = spent;
  }
}

void SchedulerLoop::CollectSnapshots(ActiveJob& job) {
  if (job.accepted.job.snapshots.empty()) return;
  for (FlowSnapshot& snapshot : job.task->TakeSnapshots()) {
    snapshots_.emplace_back(job.accepted.job.sink, std::move(snapshot));
  }
}

int SchedulerLoop::AnswerDone() {
  std::vector<ActiveJob> done = ExtractIf(active_, [](auto& job) { return !job.task->done(); });
  for (ActiveJob& job : done) {
    JobResult result;
    result.matches = job.task->TakeResult();
    result.statistics = job.statistics;
    result.statistics.match_time = clock_->Now() - job.encoded;
    result.statistics.field_queries = job.task->queries_spent();
    result.cost = std::move(job.cost);
    job.accepted.ticket.Answered(job.task->queries_spent());
    observer_->OnActiveJobs(job.accepted.job.kind, -1);
    answers_.push_back({std::move(job.accepted.job.sink), std::move(result)});
  }
  return static_cast<int>(done.size());
}

void SchedulerLoop::ReportWork() {
  const double work = admission_->Seconds();
  if (work == reported_work_) return;
  observer_->OnQueuedWork(work - reported_work_);
  reported_work_ = work;
}

void SchedulerLoop::Deliver() {
  for (auto& [sink, snapshot] : std::exchange(snapshots_, {})) {
    sink->OnSnapshot(std::move(snapshot));
  }
  for (Answer& answer : std::exchange(answers_, {})) answer.sink->OnDone(std::move(answer.result));
}

}  // namespace nemf
