#include "server/scheduling/admission/admission_controller.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/check.h"
#include "server/scheduling/retry_pushback.h"

namespace nemf {
namespace {

std::string InSeconds(double seconds) { return absl::StrFormat("%.3g s", seconds); }

}  // namespace

AdmissionTicket::~AdmissionTicket() {
  if (admission_ != nullptr) admission_->Remove(id_);
}

void AdmissionTicket::LeaveQueue() {
  if (admission_ != nullptr) admission_->LeaveQueue(id_);
}

void AdmissionTicket::Encoded() {
  if (admission_ == nullptr) return;
  admission_->Update(id_,
                     [](AdmissionController::Entry& entry) { entry.work.needs_encoding = false; });
}

void AdmissionTicket::SetQueriesLeft(std::int64_t queries) {
  if (admission_ == nullptr) return;
  admission_->Update(id_, [queries](AdmissionController::Entry& entry) {
    entry.work.queries = static_cast<double>(queries);
  });
}

void AdmissionTicket::Answered(std::int64_t queries) {
  if (admission_ != nullptr) admission_->NoteSpent(id_, queries);
}

AdmissionController::AdmissionController(const SchedulerOptions& options, int encoder_batch)
    : options_(options) {
  costs_.encoder_batch = encoder_batch;
  costs_.chunk_queries = static_cast<double>(options.chunk_queries);
}

AdmissionController::~AdmissionController() {
  NEMF_CHECK(jobs() == 0, "a ticket outlives the admission");
}

std::variant<AdmissionTicket, AdmissionController::Refusal> AdmissionController::Admit(
    const AdmissionRequest& item) {
  absl::MutexLock lock(&mutex_);
  if (std::optional<Refusal> refusal = RefusalOf(item)) {
    if (refusal->reason == DropReason::kDeadlineUnreachable && entries_.empty()) trust_ *= kDoubt;
    return *std::move(refusal);
  }
  const std::uint64_t id = next_id_++;
  entries_.emplace(id, Entry{item.kind, item.work, item.work.queries, item.bytes, item.client});
  ++queued_jobs_;
  queued_bytes_ += item.bytes;
  if (!item.client.empty()) ++queued_of_client_[item.client];
  return AdmissionTicket(this, id);
}

bool AdmissionController::WouldRefuse(const AdmissionRequest& item) const {
  absl::MutexLock lock(&mutex_);
  return RefusalOf(item).has_value();
}

std::optional<AdmissionController::Refusal> AdmissionController::RefusalOf(
    const AdmissionRequest& item) const {
  if (ClientIsFull(item.client)) {
    return Refusal{DropReason::kClientLimit,
                   WithRetryAfter(absl::ResourceExhaustedError(
                                      absl::StrCat("too many requests of this client are waiting: ",
                                                   options_.max_queued_per_client)),
                                  AverageTime())};
  }
  if (absl::Status status = CheckRoom(item); !status.ok()) {
    return Refusal{DropReason::kQueueFull, WithRetryAfter(std::move(status), AverageTime())};
  }
  OutstandingWork work = item.work;
  work.queries *= Scale(item.kind);
  const Forecast forecast = ForecastFor(work, Scaled(), costs_);
  if (const double excess = forecast.wait - options_.max_queued_seconds; excess > 0) {
    return Refusal{
        DropReason::kQueueFull,
        WithRetryAfter(absl::ResourceExhaustedError(absl::StrCat(
                           "the queue is full: work of ", InSeconds(forecast.wait),
                           " goes before, must be <= ", InSeconds(options_.max_queued_seconds))),
                       absl::Seconds(excess))};
  }
  if (absl::Status status = CheckTime(item, forecast); !status.ok()) {
    return Refusal{DropReason::kDeadlineUnreachable, std::move(status)};
  }
  return std::nullopt;
}

bool AdmissionController::ClientIsFull(const std::string& client) const {
  if (options_.max_queued_per_client == 0) return false;
  const auto found = queued_of_client_.find(client);
  return found != queued_of_client_.end() && found->second >= options_.max_queued_per_client;
}

absl::Status AdmissionController::CheckRoom(const AdmissionRequest& item) const {
  if (queued_jobs_ >= options_.max_queued_jobs) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: ", queued_jobs_, " jobs are waiting"));
  }
  // One pair of any size may wait: how large it may be is said elsewhere.
  if (queued_bytes_ > 0 && queued_bytes_ + item.bytes > options_.max_queued_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: images of ", queued_bytes_, " bytes are waiting"));
  }
  return absl::OkStatus();
}

absl::Status AdmissionController::CheckTime(const AdmissionRequest& item,
                                            const Forecast& forecast) const {
  const bool alone = entries_.empty();
  const double doubt = alone ? trust_ : 1;
  const double left = absl::ToDoubleSeconds(item.time_left);
  if (doubt * kSafety * forecast.total() <= left) return absl::OkStatus();
  absl::Status error = absl::ResourceExhaustedError(absl::StrCat(
      "cannot be done before the deadline: it would take ", InSeconds(forecast.total()),
      ", of which ", InSeconds(forecast.wait), " in the queue, and there are ", InSeconds(left)));
  if (kSafety * forecast.own > left) return WithoutRetry(std::move(error));
  return WithRetryAfter(std::move(error), absl::Seconds(kSafety * forecast.total() - left));
}

absl::Duration AdmissionController::AverageTime() const {
  if (entries_.empty()) return absl::ZeroDuration();
  return absl::Seconds(SecondsOf(Scaled(), costs_) / static_cast<double>(entries_.size()));
}

double AdmissionController::Scale(JobKind kind) const {
  return spent_share_[static_cast<int>(kind)];
}

std::vector<OutstandingWork> AdmissionController::Scaled() const {
  std::vector<OutstandingWork> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    all.push_back(entry.work);
    all.back().queries *= Scale(entry.kind);
  }
  return all;
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
  costs_.match.Observe(static_cast<double>(queries), absl::ToDoubleSeconds(duration));
}

double AdmissionController::Seconds() const {
  absl::MutexLock lock(&mutex_);
  return SecondsOf(Scaled(), costs_);
}

int AdmissionController::jobs() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(entries_.size());
}

template <typename Change>
void AdmissionController::Update(std::uint64_t id, Change change) {
  absl::MutexLock lock(&mutex_);
  change(entries_.at(id));
}

void AdmissionController::LeaveQueue(std::uint64_t id) {
  absl::MutexLock lock(&mutex_);
  ForgetQueued(entries_.at(id));
}

void AdmissionController::ForgetQueued(Entry& entry) {
  if (!std::exchange(entry.queued, false)) return;
  --queued_jobs_;
  queued_bytes_ -= entry.bytes;
  if (entry.client.empty()) return;
  const auto found = queued_of_client_.find(entry.client);
  if (--found->second == 0) queued_of_client_.erase(found);
}

void AdmissionController::NoteSpent(std::uint64_t id, std::int64_t queries) {
  absl::MutexLock lock(&mutex_);
  const Entry& entry = entries_.at(id);
  if (entry.bound <= 0) return;
  double& share = spent_share_[static_cast<int>(entry.kind)];
  share = kSpentMemory * share + (1 - kSpentMemory) * (static_cast<double>(queries) / entry.bound);
}

void AdmissionController::Remove(std::uint64_t id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  ForgetQueued(found->second);
  entries_.erase(found);
}

}  // namespace nemf
