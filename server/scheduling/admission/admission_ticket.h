#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_TICKET_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_TICKET_H_

#include <cstdint>
#include <utility>

namespace nemf {

class AdmissionController;

// An admitted job: its place in the queue, its bytes and its outstanding work, until it is
// destroyed. Move-only; may be empty, and then all functions do nothing. Used by one thread at a
// time.
class AdmissionTicket {
 public:
  AdmissionTicket() = default;
  AdmissionTicket(AdmissionTicket&& other) noexcept { Swap(other); }
  AdmissionTicket& operator=(AdmissionTicket&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~AdmissionTicket();

  // Returns the ticket of the request's second job; empty if it has none or it was taken before.
  AdmissionTicket TakeBackward();

  // The job was submitted, with this bound of its queries.
  void Submitted(std::int64_t queries, bool needs_encoding);
  void LeaveQueue();                          // its encoder batch begins, or it needs none
  void Encoded();                             // its pair is encoded
  void SetQueriesLeft(std::int64_t queries);  // an upper bound, MatchTask::queries_left()
  void Answered(std::int64_t queries);        // it was answered after this many queries

 private:
  friend class AdmissionController;
  AdmissionTicket(AdmissionController* admission, std::uint64_t id, std::uint64_t backward_id)
      : admission_(admission), id_(id), backward_id_(backward_id) {}
  void Swap(AdmissionTicket& other) {
    std::swap(admission_, other.admission_);
    std::swap(id_, other.id_);
    std::swap(backward_id_, other.backward_id_);
  }

  AdmissionController* admission_ = nullptr;
  std::uint64_t id_ = 0;
  std::uint64_t backward_id_ = 0;  // 0: none
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_ADMISSION_TICKET_H_
