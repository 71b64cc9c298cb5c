#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_FORECAST_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_FORECAST_H_

#include <cstdint>

#include "absl/types/span.h"
#include "server/scheduling/admission/cost_model.h"
#include "server/scheduling/priority.h"

namespace nemf {

// What is still to be done for one job.
struct OutstandingWork {
  double queries = 0;          // field queries
  bool needs_encoding = true;  // its pair is not encoded yet
  Priority priority = Priority::kNormal;
};

// What the scheduler's work costs on its engine.
struct Costs {
  CostModel encode;       // seconds of an encoder pass over n pairs
  CostModel match;        // seconds of a chunk of n field queries
  int encoder_batch = 1;  // most pairs of a pass
  double chunk_queries = 1;

  double EncodeSeconds(int pairs) const;      // in full passes
  double MatchSeconds(double queries) const;  // in full chunks
};

// Predicted seconds.
struct Forecast {
  double wait = 0;  // spent on others before the job's answer
  double own = 0;   // spent on the job itself
  double total() const { return wait + own; }
};

// When a new job would be done if nobody else came, by the rules of encoder_batch.h and
// quantum_order.h. It waits for
//   - the encoder passes of the pairs before it in the queue, if its own pair is not encoded; of
//     those behind it, as one pass goes between two chunks, for as many passes as it needs chunks;
//   - the matching of all jobs that rule 1 of the fairness rule puts before it;
//   - if there are others: the chunk that is running when it comes, and one chunk in kAgeingPeriod.
// Jobs that share a pair are taken as if they did not.
//
// Example: pairs take 0.5 s, chunks of 100 queries 0.1 s. There are a flow with 1000 queries left,
// being matched, and a waiting keypoint job of 100. A new keypoint job of 200 waits 0.5 s for the
// pair before it, 0.1 s for that job's matching, 0.1 s for the running chunk and 0.1 s for one
// chunk of the flow (of 4, 3 are its own or go to jobs before it), and takes 0.5 + 0.2 s
// itself: 1.5 s.
Forecast ForecastFor(const OutstandingWork& job, absl::Span<const OutstandingWork> others,
                     const Costs& costs);

// Seconds that all of it takes.
double SecondsOf(absl::Span<const OutstandingWork> work, const Costs& costs);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_FORECAST_H_
