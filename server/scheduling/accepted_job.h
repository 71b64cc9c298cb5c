#ifndef NEMF_SERVER_SCHEDULING_ACCEPTED_JOB_H_
#define NEMF_SERVER_SCHEDULING_ACCEPTED_JOB_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "server/scheduling/job.h"
#include "server/scheduling/slots.h"

namespace nemf {

// A job with what the scheduler adds to it when it accepts it. Move-only.
struct AcceptedJob {
  Job job;
  std::uint64_t fingerprint = 0;  // PairFingerprint(*job.pair)
  absl::Time submitted;
  std::shared_ptr<const std::atomic<bool>> cancelled;  // set by the job's handle
  Slot queue_slot;                                     // held until the encoder pass
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ACCEPTED_JOB_H_
