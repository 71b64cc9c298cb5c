#ifndef NEMF_SERVER_SCHEDULING_ENCODING_ENCODE_STAGE_H_
#define NEMF_SERVER_SCHEDULING_ENCODING_ENCODE_STAGE_H_

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/scheduling/admission/accepted_job.h"
#include "server/scheduling/admission/admission_controller.h"
#include "server/scheduling/encoding/encoder_batch.h"
#include "server/scheduling/encoding/encoder_executor.h"
#include "server/scheduling/encoding/pair_cache.h"
#include "server/scheduling/observer.h"

namespace nemf {

// A job whose pair is encoded.
struct EncodedJob {
  AdmittedJob admitted;  // without its pair
  std::shared_ptr<const EncodedPair> pair;
  JobStatistics statistics;  // without the matching
  absl::Time encoded;        // the end of its batch, or when it was found in the cache
};

// A job whose pair could not be encoded.
struct FailedJob {
  AcceptedJob accepted;
  absl::Status error;
};

// The jobs from their arrival until their pairs are encoded: the queue, and the running batch if
// the executor has a thread. A pair that is in the cache needs no batch; one that is in the running
// batch is not put into another. After a fatal error no batch is started. Not thread-safe.
class EncodeStage {
 public:
  struct Outcome {
    std::vector<EncodedJob> encoded;
    std::vector<FailedJob> failed;
    bool started = false;  // a batch was started
  };

  // `max_pairs`: in a batch. All pointers outlive the stage.
  EncodeStage(int max_pairs, EncoderExecutor* executor, PairCache* cache, ActiveSlots* slots,
              Clock* clock, SchedulerObserver* observer, AdmissionController* admission);

  void Add(AcceptedJob job);

  // Takes out the jobs for which `stays` is false, first those that wait, then those in the batch.
  struct Leavers {
    std::vector<AcceptedJob> waiting;
    std::vector<AcceptedJob> in_batch;
  };
  Leavers TakeLeavers(const std::function<bool(const AcceptedJob&)>& stays);

  // Collects the batch that ended, looks the others up in the cache and starts the next batch if
  // `may_start` is true, as far as there are places.
  Outcome Advance(bool may_start);

  bool idle() const { return queue_.empty() && !executor_->busy(); }
  int queued() const { return static_cast<int>(queue_.size()); }
  // Returns the number of jobs that hold a place and wait for the running batch.
  int in_batch() const;

 private:
  void CollectBatch(Outcome& outcome);
  void CollectGroup(PairGroup& group, EncodedOrNot& result, const EncodedBatch& batch,
                    Outcome& outcome);
  void ServeFromCache(Outcome& outcome);
  bool StartBatch();
  void LeaveQueue(AcceptedJob& job);
  PairGroup* FindInBatch(const PairDigest& digest);

  const int max_pairs_;
  EncoderExecutor* const executor_;
  PairCache* const cache_;
  ActiveSlots* const slots_;
  Clock* const clock_;
  SchedulerObserver* const observer_;
  AdmissionController* const admission_;

  std::deque<AcceptedJob> queue_;
  bool lost_ = false;             // the encoder had a fatal error: it is not called again
  std::vector<PairGroup> batch_;  // the running batch; jobs may leave, groups do not
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ENCODING_ENCODE_STAGE_H_
