#include "server/scheduling/admission/admission_controller.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/check.h"
#include "server/scheduling/retry_pushback.h"

namespace nemf {
namespace {

std::string InSeconds(double seconds) { return absl::StrFormat("%.3g s", seconds); }

}  // namespace

AdmissionTicket::~AdmissionTicket() {
  if (admission_ == nullptr) return;
  if (backward_id_ != 0) admission_->Remove(backward_id_);
  admission_->Remove(id_);
}

AdmissionTicket AdmissionTicket::TakeBackward() {
  const std::uint64_t id = std::exchange(backward_id_, 0);
  return id == 0 ? AdmissionTicket() : AdmissionTicket(admission_, id, 0);
}

void AdmissionTicket::Submitted(std::int64_t queries, bool needs_encoding) {
  if (admission_ != nullptr) admission_->Submitted(id_, queries, needs_encoding);
}

void AdmissionTicket::LeaveQueue() {
  if (admission_ != nullptr) admission_->LeaveQueue(id_);
}

void AdmissionTicket::Encoded() {
  if (admission_ != nullptr) admission_->Encoded(id_);
}

void AdmissionTicket::SetQueriesLeft(std::int64_t queries) {
  if (admission_ != nullptr) admission_->SetQueriesLeft(id_, queries);
}

void AdmissionTicket::Answered(std::int64_t queries) {
  if (admission_ != nullptr) admission_->Answered(id_, queries);
}

AdmissionController::AdmissionController(const SchedulerOptions& options, int encoder_batch)
    : options_(options) {
  costs_.encoder_batch = encoder_batch;
  costs_.quantum_seconds = absl::ToDoubleSeconds(options.quantum);
  costs_.min_quantum = static_cast<double>(options.min_quantum_queries);
  costs_.quantum = costs_.min_quantum;
}

AdmissionController::~AdmissionController() {
  NEMF_CHECK(jobs() == 0, "a ticket outlives the admission");
}

std::variant<AdmissionTicket, AdmissionController::Refusal> AdmissionController::Admit(
    const AdmissionRequest& request, Forecast* forecast) {
  Forecast ignored;
  absl::MutexLock lock(&mutex_);
  std::optional<Refusal> refusal = RefusalOf(request, forecast != nullptr ? forecast : &ignored);
  if (refusal) {
    if (refusal->reason == DropReason::kDeadlineUnreachable && entries_.empty()) trust_ *= kDoubt;
    return *std::move(refusal);
  }
  ++queued_;
  held_bytes_ += request.bytes;
  if (!request.client.empty()) ++queued_of_client_[request.client];
  const std::uint64_t id = Add({.kind = request.kind,
                                .work = request.work,
                                .bound = request.work.queries,
                                .bytes = request.bytes,
                                .client = request.client,
                                .queued = true});
  if (!request.backward) return AdmissionTicket(this, id, 0);
  return AdmissionTicket(this, id,
                         Add({.kind = request.kind,
                              .work = *request.backward,
                              .bound = request.backward->queries,
                              .bytes = 0,
                              .client = {},
                              .queued = false}));
}

std::uint64_t AdmissionController::Add(Entry entry) {
  ++unsubmitted_;
  entries_.emplace(next_id_, std::move(entry));
  return next_id_++;
}

std::optional<AdmissionController::Refusal> AdmissionController::RefusalOf(
    const AdmissionRequest& request, Forecast* forecast) const {
  if (request.time_left <= absl::ZeroDuration()) {
    return Refusal{DropReason::kExpiredOnEntry,
                   absl::DeadlineExceededError("the deadline had passed on arrival")};
  }
  if (closed_) {
    return Refusal{DropReason::kDraining, absl::UnavailableError("the server is shutting down")};
  }
  if (ClientIsFull(request.client)) {
    return Refusal{DropReason::kClientLimit,
                   WithRetryAfter(absl::ResourceExhaustedError(
                                      absl::StrCat("too many requests of this client are waiting: ",
                                                   options_.max_queued_per_client)),
                                  AverageTime())};
  }
  if (absl::Status status = CheckRoom(request); !status.ok()) {
    return Refusal{DropReason::kQueueFull, WithRetryAfter(std::move(status), AverageTime())};
  }
  *forecast = Predict(request);
  if (const double excess = forecast->wait - options_.max_queued_seconds; excess > 0) {
    return Refusal{
        DropReason::kQueueFull,
        WithRetryAfter(absl::ResourceExhaustedError(absl::StrCat(
                           "the queue is full: work of ", InSeconds(forecast->wait),
                           " goes before, must be <= ", InSeconds(options_.max_queued_seconds))),
                       absl::Seconds(excess))};
  }
  if (absl::Status status = CheckTime(request.time_left, *forecast); !status.ok()) {
    return Refusal{DropReason::kDeadlineUnreachable, std::move(status)};
  }
  return std::nullopt;
}

bool AdmissionController::ClientIsFull(const std::string& client) const {
  if (options_.max_queued_per_client == 0) return false;
  const auto found = queued_of_client_.find(client);
  return found != queued_of_client_.end() && found->second >= options_.max_queued_per_client;
}

absl::Status AdmissionController::CheckRoom(const AdmissionRequest& request) const {
  if (queued_ >= options_.max_queued_jobs) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: ", queued_, " jobs are waiting"));
  }
  // One request of any size is accepted when it is alone: RequestLimits bound a single request.
  if (held_bytes_ > 0 && held_bytes_ + request.bytes > options_.max_queued_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: accepted requests hold ", held_bytes_, " bytes"));
  }
  return absl::OkStatus();
}

Forecast AdmissionController::Predict(const AdmissionRequest& request) const {
  Forecast forecast = ForecastFor(Scaled(request.work, request.kind), AllScaled(), costs_);
  if (request.backward) {
    // Both jobs must be done, on one engine.
    forecast.own += ForecastFor(Scaled(*request.backward, request.kind), {}, costs_).own;
  }
  return forecast;
}

absl::Status AdmissionController::CheckTime(absl::Duration time_left,
                                            const Forecast& forecast) const {
  const bool alone = entries_.empty();
  const double doubt = alone ? trust_ : 1;
  const double left = absl::ToDoubleSeconds(time_left);
  if (doubt * kSafety * forecast.total() <= left) return absl::OkStatus();
  absl::Status error = absl::ResourceExhaustedError(absl::StrCat(
      "cannot be done before the deadline: it would take ", InSeconds(forecast.total()),
      ", of which ", InSeconds(forecast.wait), " in the queue, and there are ", InSeconds(left)));
  if (kSafety * forecast.own > left) return WithoutRetry(std::move(error));
  return WithRetryAfter(std::move(error), absl::Seconds(kSafety * forecast.total() - left));
}

absl::Duration AdmissionController::AverageTime() const {
  if (entries_.empty()) return absl::ZeroDuration();
  return absl::Seconds(SecondsOf(AllScaled(), costs_) / static_cast<double>(entries_.size()));
}

OutstandingWork AdmissionController::Scaled(OutstandingWork work, JobKind kind) const {
  work.queries *= spent_share_[static_cast<int>(kind)];
  return work;
}

std::vector<OutstandingWork> AdmissionController::AllScaled() const {
  std::vector<OutstandingWork> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) all.push_back(Scaled(entry.work, entry.kind));
  return all;
}

void AdmissionController::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

void AdmissionController::AwaitSubmitted() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &AdmissionController::AllSubmitted));
}

void AdmissionController::ObserveEncode(int pairs, absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  trust_ = 1;
  costs_.encode.Observe(pairs, absl::ToDoubleSeconds(duration));
}

void AdmissionController::ObserveMatch(std::int64_t queries, absl::Duration duration) {
  if (queries <= 0) return;
  absl::MutexLock lock(&mutex_);
  trust_ = 1;
  costs_.ObserveMatch(static_cast<double>(queries), absl::ToDoubleSeconds(duration));
}

std::int64_t AdmissionController::QuantumQueries() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<std::int64_t>(costs_.quantum);
}

double AdmissionController::Seconds() const {
  absl::MutexLock lock(&mutex_);
  std::vector<OutstandingWork> submitted;
  for (const auto& [id, entry] : entries_) {
    if (entry.submitted) submitted.push_back(Scaled(entry.work, entry.kind));
  }
  return SecondsOf(submitted, costs_);
}

int AdmissionController::jobs() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(entries_.size());
}

void AdmissionController::Submitted(std::uint64_t id, std::int64_t queries, bool needs_encoding) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_.at(id);
  entry.bound = entry.work.queries = static_cast<double>(queries);
  entry.work.needs_encoding = needs_encoding;
  MarkSubmitted(entry);
}

void AdmissionController::LeaveQueue(std::uint64_t id) {
  absl::MutexLock lock(&mutex_);
  GiveBackPlace(entries_.at(id));
}

void AdmissionController::Encoded(std::uint64_t id) {
  absl::MutexLock lock(&mutex_);
  entries_.at(id).work.needs_encoding = false;
}

void AdmissionController::SetQueriesLeft(std::uint64_t id, std::int64_t queries) {
  absl::MutexLock lock(&mutex_);
  entries_.at(id).work.queries = static_cast<double>(queries);
}

void AdmissionController::Answered(std::uint64_t id, std::int64_t queries) {
  absl::MutexLock lock(&mutex_);
  const Entry& entry = entries_.at(id);
  if (entry.bound <= 0) return;
  double& share = spent_share_[static_cast<int>(entry.kind)];
  share = kSpentMemory * share + (1 - kSpentMemory) * (static_cast<double>(queries) / entry.bound);
}

void AdmissionController::Remove(std::uint64_t id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  MarkSubmitted(found->second);
  GiveBackPlace(found->second);
  held_bytes_ -= found->second.bytes;
  entries_.erase(found);
}

void AdmissionController::MarkSubmitted(Entry& entry) {
  if (!std::exchange(entry.submitted, true)) --unsubmitted_;
}

void AdmissionController::GiveBackPlace(Entry& entry) {
  if (!std::exchange(entry.queued, false)) return;
  --queued_;
  if (entry.client.empty()) return;
  const auto found = queued_of_client_.find(entry.client);
  if (--found->second == 0) queued_of_client_.erase(found);
}

}  // namespace nemf
