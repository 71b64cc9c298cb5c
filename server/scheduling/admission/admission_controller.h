#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_CONTROLLER_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_CONTROLLER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/scheduling/admission/admission_ticket.h"
#include "server/scheduling/admission/forecast.h"
#include "server/scheduling/job.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler_options.h"

namespace nemf {

// What admission decides on.
struct AdmissionRequest {
  JobKind kind = JobKind::kKeypoints;
  OutstandingWork work;                     // its queries: Engine::BoundQueries()
  std::optional<OutstandingWork> backward;  // of the second job of a flow both ways
  std::int64_t bytes = 0;                   // that the request holds until its answer
  std::string client;
  absl::Duration time_left = absl::InfiniteDuration();  // until its deadline
};

// Decides which requests are accepted, from all accepted work that is not finished and its cost.
//
// A request is refused with RESOURCE_EXHAUSTED and a push-back (retry_pushback.h) if
//   - as many requests, or requests of its client, wait for an encoder batch as may wait, or
//     accepted requests hold as many bytes as they may hold.
//     Push-back: the average time of the jobs in the admission;
//   - it would wait longer than max_queued_seconds. Push-back: the excess;
//   - it would miss its deadline, even if all work took kSafety times less than predicted.
//     Push-back: the missing time, or no retry if its own work alone takes too long.
// A request is one place in the queue, whether it has one job or two.
//
// Predictions come from ForecastFor(). Costs are fitted to observations (cost_model.h), and a job's
// bound of queries is scaled by the share of their bounds that jobs of its kind spent lately. A
// cost that was never observed counts as 0, so an unknown engine refuses no request for time.
//
// A wrong prediction must not refuse every request, because then no observation would correct it.
// So each refusal for its deadline of a request that would have been alone lowers the trust in
// predictions for an idle engine by kDoubt, until the next observation.
//
// Thread-safe; outlives its tickets.
class AdmissionController {
 public:
  static constexpr double kSafety = 1.2;
  static constexpr double kDoubt = 0.9;
  static constexpr double kSpentMemory = 0.9;

  struct Refusal {
    DropReason reason;
    absl::Status status;
  };

  // `encoder_batch` of the engine. Requires options.Validate().ok().
  AdmissionController(const SchedulerOptions& options, int encoder_batch);
  ~AdmissionController();

  // Sets `forecast` (may be null), unless the request is refused without one.
  std::variant<AdmissionTicket, Refusal> Admit(const AdmissionRequest& request,
                                               Forecast* forecast = nullptr);

  // Refuses all requests from now on, with UNAVAILABLE.
  void Close();
  // Blocks until each ticket was submitted or destroyed.
  void AwaitSubmitted();

  // An encoder batch of `pairs` pairs, a call of the engine that spent `queries` queries.
  void ObserveEncode(int pairs, absl::Duration duration);
  void ObserveMatch(std::int64_t queries, absl::Duration duration);

  // Returns the field evaluations of the next quantum.
  std::int64_t QuantumQueries() const;
  // Returns the predicted seconds of all submitted and unfinished jobs.
  double Seconds() const;
  int jobs() const;

 private:
  friend class AdmissionTicket;

  struct Entry {
    JobKind kind;
    OutstandingWork work;  // its queries: an upper bound
    double bound;          // that it was submitted with
    std::int64_t bytes;
    std::string client;
    bool queued;  // has a place in the queue
    bool submitted = false;
  };

  // The functions of tickets. Each requires `id` to be in the admission.
  void Submitted(std::uint64_t id, std::int64_t queries, bool needs_encoding);
  void LeaveQueue(std::uint64_t id);
  void Encoded(std::uint64_t id);
  void SetQueriesLeft(std::uint64_t id, std::int64_t queries);
  void Answered(std::uint64_t id, std::int64_t queries);
  void Remove(std::uint64_t id);

  std::uint64_t Add(Entry entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MarkSubmitted(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBackPlace(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AllSubmitted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return unsubmitted_ == 0; }

  std::optional<Refusal> RefusalOf(const AdmissionRequest& request, Forecast* forecast) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoom(const AdmissionRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool ClientIsFull(const std::string& client) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Forecast Predict(const AdmissionRequest& request) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckTime(absl::Duration time_left, const Forecast& forecast) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration AverageTime() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  OutstandingWork Scaled(OutstandingWork work, JobKind kind) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<OutstandingWork> AllScaled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SchedulerOptions options_;
  mutable absl::Mutex mutex_;
  Costs costs_ ABSL_GUARDED_BY(mutex_);
  double spent_share_[3] ABSL_GUARDED_BY(mutex_) = {1, 1, 1};  // of the bound, by JobKind
  double trust_ ABSL_GUARDED_BY(mutex_) = 1;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::uint64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  int unsubmitted_ ABSL_GUARDED_BY(mutex_) = 0;
  int queued_ ABSL_GUARDED_BY(mutex_) = 0;               // requests in the queue
  std::int64_t held_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of all entries
  std::unordered_map<std::string, int> queued_of_client_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_CONTROLLER_H_
