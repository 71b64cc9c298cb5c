#include "server/scheduling/loop/scheduler_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/check.h"
#include "server/base/extract_if.h"
#include "server/engine/fatal_error.h"

namespace nemf {
namespace {

bool IsCancelled(const AcceptedJob& job) { return job.cancelled->load(); }

std::unique_ptr<MatchTask> StartTask(Engine* engine, JobSpec& spec,
                                     std::shared_ptr<const EncodedPair> pair) {
  if (const auto* field = std::get_if<FieldSpec>(&spec)) {
    return engine->StartField(std::move(pair), field->point, field->nodes);
  }
  if (const auto* flow = std::get_if<FlowSpec>(&spec)) {
    auto task = engine->Start(std::move(pair), {}, flow->options);
    if (!flow->snapshots.empty()) task->RequestSnapshots(flow->snapshots);
    return task;
  }
  auto& keypoints = std::get<KeypointsSpec>(spec);
  return engine->Start(std::move(pair), std::move(keypoints.keypoints), keypoints.options);
}

// Returns the field evaluations of the tasks so far.
std::int64_t Evaluations(const std::vector<MatchTask*>& tasks) {
  std::int64_t sum = 0;
  for (const MatchTask* const task : tasks) sum += task->queries_spent();
  return sum;
}

}  // namespace

SchedulerLoop::SchedulerLoop(const SchedulerLoopParts& parts, const SchedulerOptions& options)
    : engine_(parts.engine),
      clock_(parts.clock),
      observer_(parts.observer),
      admission_(parts.admission),
      executor_(parts.executor),
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
    return !IsCancelled(job) && job.deadline > now;
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
    observer_->OnActiveJobs(job.accepted.kind(), -1);
    observer_->OnWastedQueries(job.task->queries_spent());
    Drop(std::move(job.accepted), DropReason::kExpiredActive, "matching");
  }
  Deliver();
}

void SchedulerLoop::Drop(AcceptedJob job, DropReason when_expired, const char* where) {
  const bool cancelled = IsCancelled(job);
  observer_->OnJobDropped(cancelled ? DropReason::kCancelled : when_expired);
  answers_.push_back(
      {std::move(job.sink),
       cancelled ? absl::CancelledError(absl::StrCat("cancelled while ", where))
                 : absl::DeadlineExceededError(absl::StrCat("the deadline passed while ", where))});
}

bool SchedulerLoop::MayStartBatch() const {
  if (executor_->has_thread()) return true;
  const std::int64_t quanta_left = kQuantaPerEncoderBatch - quanta_since_batch_;
  const std::int64_t queries = quanta_left * admission_->QuantumQueries();
  return std::none_of(active_.begin(), active_.end(), [queries](const ActiveJob& job) {
    return WeighedQueries(job.task->queries_left(), job.accepted.priority) <= queries;
  });
}

void SchedulerLoop::Encode() {
  EncodeStage::Outcome outcome = encode_.Advance(MayStartBatch());
  if (outcome.started) quanta_since_batch_ = 0;
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
  JobSpec& spec = active.accepted.spec;
  if (const auto* field = std::get_if<FieldSpec>(&spec)) {
    active.cost = encoded.pair->SampleCost(field->point, field->nodes);
  }
  active.task = StartTask(engine_, spec, std::move(encoded.pair));
  active.queries_left = active.task->queries_left();
  observer_->OnActiveJobs(KindOf(spec), +1);
  active_.push_back(std::move(active));
}

void SchedulerLoop::RunQuantum() {
  AnswerDone();  // a task may have no work
  if (active_.empty() || !lost_.ok()) return;
  ++quanta_;
  ++quanta_since_batch_;
  std::int64_t left = admission_->QuantumQueries();
  bool goes_on = true;
  while (goes_on && left > 0 && !active_.empty()) {
    const std::int64_t spent = StepOnce(left);
    left -= spent;
    // A call of the engine ends early only if a job was finished.
    goes_on = spent > 0 && AnswerDone() > 0;
    Deliver();
  }
  NoteIdleJobs();
}

std::int64_t SchedulerLoop::StepOnce(std::int64_t max_queries) {
  const std::vector<MatchTask*> tasks = TasksInOrder();
  const absl::StatusOr<std::int64_t> spent = Step(tasks, max_queries);
  if (!spent.ok() && tasks.size() > 1 && !IsFatal(spent.status())) {
    StepEachAlone(tasks);
  } else if (!spent.ok()) {
    DropFailed(tasks.front(), spent.status());
  }
  NoteProgress();
  return spent.ok() ? *spent : max_queries;
}

std::vector<MatchTask*> SchedulerLoop::TasksInOrder() const {
  std::vector<QuantumCandidate> candidates;
  for (const ActiveJob& job : active_) {
    candidates.push_back(
        {job.task->queries_left(), job.idle_quanta, job.arrival, job.accepted.priority});
  }
  std::vector<MatchTask*> tasks;
  for (const std::size_t i : QuantumOrder(candidates, quanta_)) {
    tasks.push_back(active_[i].task.get());
  }
  return tasks;
}

void SchedulerLoop::StepEachAlone(const std::vector<MatchTask*>& tasks) {
  // Together the tasks get about one quantum, as they would have without the failure.
  const std::int64_t share = std::max<std::int64_t>(
      1, admission_->QuantumQueries() / static_cast<std::int64_t>(tasks.size()));
  for (MatchTask* const task : tasks) {
    if (task->done() || !lost_.ok()) continue;
    const absl::StatusOr<std::int64_t> spent = Step({task}, share);
    if (!spent.ok()) DropFailed(task, spent.status());
  }
}

absl::StatusOr<std::int64_t> SchedulerLoop::Step(const std::vector<MatchTask*>& tasks,
                                                 std::int64_t max_queries) {
  const std::int64_t evaluations = Evaluations(tasks);
  const absl::Time start = clock_->Now();
  absl::StatusOr<std::int64_t> spent = engine_->Step(tasks, max_queries);
  if (spent.ok()) {
    const absl::Duration duration = clock_->Now() - start;
    observer_->OnStep(Evaluations(tasks) - evaluations, duration);
    admission_->ObserveMatch(*spent, duration);
  }
  return spent;
}

void SchedulerLoop::DropFailed(const MatchTask* task, const absl::Status& error) {
  const absl::Status status = Diagnose(error);
  for (ActiveJob& job : ExtractIf(active_, [&](auto& job) { return job.task.get() != task; })) {
    observer_->OnActiveJobs(job.accepted.kind(), -1);
    Fail(std::move(job.accepted), status);
  }
}

void SchedulerLoop::Fail(AcceptedJob job, absl::Status error) {
  observer_->OnJobDropped(DropReason::kEngineError);
  answers_.push_back({std::move(job.sink), std::move(error)});
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
    observer_->OnActiveJobs(job.accepted.kind(), -1);
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
    const std::int64_t left = job.task->queries_left();
    job.idle_quanta = left < job.queries_left ? 0 : job.idle_quanta + 1;
    job.queries_left = left;
  }
}

void SchedulerLoop::CollectSnapshots(ActiveJob& job) {
  const auto* flow = std::get_if<FlowSpec>(&job.accepted.spec);
  if (flow == nullptr || flow->snapshots.empty()) return;
  for (FlowSnapshot& snapshot : job.task->TakeSnapshots()) {
    snapshots_.emplace_back(job.accepted.sink, std::move(snapshot));
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
    observer_->OnActiveJobs(job.accepted.kind(), -1);
    answers_.push_back({std::move(job.accepted.sink), std::move(result)});
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
