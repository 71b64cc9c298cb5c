#ifndef NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_BATCH_H_
#define NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_BATCH_H_

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "server/scheduling/admission/accepted_job.h"
#include "server/scheduling/admission/job_slots.h"

namespace nemf {

// The right to be one of the active jobs.
struct ActiveSlot {
  Slot any;
  Slot flow;  // taken by flows only
};

// The places of the active jobs. Flows may take three quarters of them (rounded down, but at least
// one): the rest is kept for keypoint jobs, which would else wait until a whole flow was finished.
class ActiveSlots {
 public:
  explicit ActiveSlots(int max_active_jobs);

  std::optional<ActiveSlot> TryAcquire(JobKind kind);
  bool full() const { return any_.in_use() == any_.capacity(); }
  int in_use() const { return any_.in_use(); }

 private:
  SlotPool any_;
  SlotPool flow_;
};

// A job that got its place.
struct AdmittedJob {
  AcceptedJob accepted;
  ActiveSlot slot;
};

// Jobs over one pair of images, which the encoder sees once.
struct PairGroup {
  PairDigest digest;
  ImagePair pair;
  std::vector<AdmittedJob> jobs;
};

// The order in which waiting jobs go through the encoder: those of higher priority first, then in
// the order of arrival. With every kBatchesPerRank-th encoder pass that begins without it, a job
// moves up by one priority, beyond the highest if need be, so none is starved.
//
// Example: a job of low priority waits while one of high priority comes with every pass. After 16
// passes it counts as normal, after 32 as high, and as the eldest of those it is in the 33rd.
inline constexpr int kBatchesPerRank = 16;
void SortByRank(std::deque<AcceptedJob>& queue);

// Takes the jobs of the next encoder pass out of `queue`: in its order, as long as there are
// places, at most `max_pairs` different pairs. Jobs whose pair equals one of these, pixel by pixel,
// come along. Jobs without a place stay, in their order, and later ones may pass them.
std::vector<PairGroup> TakeEncoderBatch(std::deque<AcceptedJob>& queue, int max_pairs,
                                        ActiveSlots& slots);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_BATCH_H_
