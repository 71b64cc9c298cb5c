#ifndef NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_BATCH_H_
#define NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_BATCH_H_

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "server/scheduling/admission/accepted_job.h"
#include "server/scheduling/admission/job_slots.h"

namespace nemf {

// The place of one active job.
struct ActiveSlot {
  SlotPool::Slot any;
  SlotPool::Slot flow;  // taken by flows only
};

// The places of the active jobs. Flows may take three quarters of them (rounded down, but at least
// one). The rest is kept for keypoint jobs, which would otherwise wait until a whole flow is done.
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

// A job with its place.
struct AdmittedJob {
  AcceptedJob accepted;
  ActiveSlot slot;
};

// Jobs over one pair of images, which is encoded once.
struct PairGroup {
  PairDigest digest;
  ImagePair pair;
  std::vector<AdmittedJob> jobs;
};

// Sorts waiting jobs into the order in which they are encoded: higher priority first, then by
// arrival. A job rises by one priority with every kBatchesPerRank-th encoder batch that begins
// without it, beyond the highest if needed, so no job starves.
//
// Example: a job of low priority waits while one of high priority comes with every batch. After 16
// batches it counts as normal, after 32 as high, and as the eldest of those it is in the 33rd.
inline constexpr int kBatchesPerRank = 16;
void SortByRank(std::deque<AcceptedJob>& queue);

// Takes the jobs of the next encoder batch out of `queue`: in its order, while there are places, at
// most `max_pairs` different pairs. Jobs with the digest of one of these pairs share it. Jobs that
// get no place stay, in their order, and later ones may overtake them.
std::vector<PairGroup> TakeEncoderBatch(std::deque<AcceptedJob>& queue, int max_pairs,
                                        ActiveSlots& slots);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_BATCH_H_
