#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_FORECAST_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_FORECAST_H_

#include <cstdint>

#include "absl/types/span.h"
#include "server/scheduling/admission/cost_model.h"
#include "server/scheduling/priority.h"

namespace nemf {

// The unfinished work of one job.
struct OutstandingWork {
  double queries = 0;          // field queries
  bool needs_encoding = true;  // its pair is not encoded yet
  Priority priority = Priority::kNormal;
};

// Predicted seconds.
struct Forecast {
  double wait = 0;  // spent on others before the job's answer
  double own = 0;   // spent on the job itself
  double total() const { return wait + own; }
};

// Predicts when a new job would be done if no other job came, by the rules of encoder_batch.h,
// quantum_order.h and scheduler_loop.h. It waits for
//   - the encoder batches of the pairs before it in the queue, if its own pair is not encoded, and
//     those of the pairs behind it, one for each kQuantaPerEncoderBatch quanta that it needs;
//   - the matching of all jobs that rule 1 of the fairness rule puts before it;
//   - if there are other jobs: the quantum that runs when it comes, and one in kAgeingPeriod.
// Jobs that share a pair are taken as if they did not.
//
// Example: pairs take 0.5 s, quanta of 100 queries 0.1 s. A flow with 1000 queries left is being
// matched, and a keypoint job of 100 waits. A new keypoint job of 200 waits 0.5 s for the pair
// before it, 0.1 s for that job's matching, 0.1 s for the running quantum and 0.1 s for one quantum
// of the flow (of 4, 3 are its own or go to jobs before it), and takes 0.5 + 0.2 s itself: 1.5 s.
Forecast ForecastFor(const OutstandingWork& job, absl::Span<const OutstandingWork> others,
                     const Costs& costs);

// Returns the predicted seconds of all of the work.
double SecondsOf(absl::Span<const OutstandingWork> work, const Costs& costs);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_FORECAST_H_
