#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_CONTROLLER_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_CONTROLLER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/scheduling/admission/forecast.h"
#include "server/scheduling/job.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler.h"

namespace nemf {

class AdmissionController;

// What admission knows of a job.
struct AdmissionRequest {
  JobKind kind = JobKind::kKeypoints;
  OutstandingWork work;    // its queries: Engine::BoundQueries()
  std::int64_t bytes = 0;  // of the decoded pair
  std::string client;
  absl::Duration time_left = absl::InfiniteDuration();  // until its deadline
};

// A job's place in the admission, given back on destruction. Move-only; may be empty, and then
// knows of nothing. Used by one thread at a time.
class AdmissionTicket {
 public:
  AdmissionTicket() = default;
  AdmissionTicket(AdmissionTicket&& other) noexcept { Swap(other); }
  AdmissionTicket& operator=(AdmissionTicket&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~AdmissionTicket();

  void LeaveQueue();                          // its encoder pass begins, or it needs none
  void Encoded();                             // its pair is encoded
  void SetQueriesLeft(std::int64_t queries);  // an upper bound, as MatchTask has it
  // It was answered after so many queries.
  void Answered(std::int64_t queries);

 private:
  friend class AdmissionController;
  AdmissionTicket(AdmissionController* admission, std::uint64_t id)
      : admission_(admission), id_(id) {}
  void Swap(AdmissionTicket& other) {
    std::swap(admission_, other.admission_);
    std::swap(id_, other.id_);
  }

  AdmissionController* admission_ = nullptr;
  std::uint64_t id_ = 0;
};

// All accepted work that is not finished, what it will cost, and so what may still be accepted.
//
// A job is refused with RESOURCE_EXHAUSTED and a push-back (retry_pushback.h) when
//   - as many jobs, jobs of its client or bytes of pairs wait for an encoder pass as may wait.
//     Push-back: the average time that a job of those in the admission takes;
//   - it would have to wait longer than max_queued_seconds. Push-back: what is too much of it;
//   - it would not be done by its deadline, even if everything took kSafety times less than it has
//     room for. Push-back: the time that is missing, or no retry where its own work alone takes too
//     long.
// Predictions are ForecastFor()'s. The costs are fitted to what was observed (cost_model.h), and
// the bound of a job's queries is scaled by the share of their bounds that jobs of its kind spent
// lately. What was never observed is taken as free, so an unknown engine refuses nothing for time.
//
// A wrong prediction must not refuse everything for ever, and so never be corrected. So with each
// refusal for its deadline of a job that would have been the only one, predictions of idle times
// are trusted less, by kDoubt, until the next observation.
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

  std::variant<AdmissionTicket, Refusal> Admit(const AdmissionRequest& item);

  // Whether Admit() would refuse the item now.
  bool WouldRefuse(const AdmissionRequest& item) const;

  // An encoder pass over `pairs` pairs, a chunk of `queries` queries.
  void ObserveEncode(int pairs, absl::Duration duration);
  void ObserveMatch(std::int64_t queries, absl::Duration duration);

  // Predicted seconds of all work in the admission.
  double Seconds() const;
  int jobs() const;

 private:
  friend class AdmissionTicket;

  struct Entry {
    JobKind kind;
    OutstandingWork work;  // its queries: an upper bound
    double bound;          // that it came with
    std::int64_t bytes;
    std::string client;
    bool queued = true;
  };

  // Requires `id` to be in the admission.
  template <typename Change>
  void Update(std::uint64_t id, Change change);
  void LeaveQueue(std::uint64_t id);
  void NoteSpent(std::uint64_t id, std::int64_t queries);
  void Remove(std::uint64_t id);

  std::vector<OutstandingWork> Scaled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  double Scale(JobKind kind) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Refusal> RefusalOf(const AdmissionRequest& item) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoom(const AdmissionRequest& item) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool ClientIsFull(const std::string& client) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckTime(const AdmissionRequest& item, const Forecast& forecast) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration AverageTime() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetQueued(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SchedulerOptions options_;
  mutable absl::Mutex mutex_;
  Costs costs_ ABSL_GUARDED_BY(mutex_);
  double spent_share_[3] ABSL_GUARDED_BY(mutex_) = {1, 1, 1};  // of the bound, by JobKind
  double trust_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<std::uint64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  int queued_jobs_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, int> queued_of_client_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_CONTROLLER_H_
