#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_ACCEPTED_JOB_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_ACCEPTED_JOB_H_

#include <atomic>
#include <memory>

#include "absl/time/time.h"
#include "server/scheduling/admission/admission_controller.h"
#include "server/scheduling/job.h"

namespace nemf {

// A job with what the scheduler adds to it when it accepts it. Move-only.
struct AcceptedJob {
  Job job;
  absl::Time submitted;
  std::shared_ptr<const std::atomic<bool>> cancelled;  // set by the job's handle
  AdmissionTicket ticket;                              // until its answer
  int batches_waited = 0;  // encoder passes that began without it since it waits
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_ACCEPTED_JOB_H_
