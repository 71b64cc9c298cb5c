#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_ACCEPTED_JOB_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_ACCEPTED_JOB_H_

#include <atomic>
#include <memory>

#include "absl/time/time.h"
#include "server/engine/image.h"
#include "server/scheduling/admission/admission_ticket.h"
#include "server/scheduling/job.h"

namespace nemf {

// A submitted job, from Submit() to its answer. Move-only.
struct AcceptedJob {
  JobSpec spec;
  ImagePair pair;  // until it is encoded
  PairDigest digest = {};
  absl::Time deadline = absl::InfiniteFuture();
  Priority priority = Priority::kNormal;
  std::shared_ptr<JobSink> sink;
  absl::Time submitted;
  std::shared_ptr<const std::atomic<bool>> cancelled;  // set by the job's handle
  AdmissionTicket ticket;
  int batches_waited = 0;  // encoder batches that began without it since it waits

  JobKind kind() const { return KindOf(spec); }
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_ACCEPTED_JOB_H_
