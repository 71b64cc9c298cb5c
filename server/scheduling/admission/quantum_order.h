#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_QUANTUM_ORDER_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_QUANTUM_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/scheduling/priority.h"

namespace nemf {

// The fairness rule: which active jobs a quantum of matching serves first.
//
//   1. Little work first: jobs are served in the order of the field queries that they have left,
//      fewest first; equals in the order of their arrival. A job of high priority is ordered as if
//      it had a kPriorityFactor-th of its work left, one of low priority as if it had
//      kPriorityFactor times as much.
//   2. Ageing: every kAgeingPeriod-th quantum first serves the job that has gone the longest
//   without
//      work, if it has gone without for kAgeingPeriod - 1 quanta or more; then rule 1.
//
// A quantum is shared: the queries that the first job does not use go to the next.
//
// So the job that rule 1 puts first waits for the quantum that is running, then gets every quantum
// except, if some job starves, one in kAgeingPeriod. Each of n active jobs gets work at least once
// in kAgeingPeriod * (n + 1) quanta, however many short jobs keep coming.
//
// Example: quanta of 100 queries, F a flow with 1000 left, keypoint jobs K1, K2, ... of 100 each.
//   quantum 1   F alone            F 1000 -> 900
//   (K1 and K2 arrive)
//   quantum 2   K1 (100 < 900)     K1 done; it waited for the running quantum only
//   quantum 3   K2                 K2 done
//   (a K arrives before each quantum from here on)
//   quantum 4   K3                 a 4th quantum, but F has only gone 2 quanta without work
//   quanta 5, 6, 7   K4, K5, K6
//   quantum 8   F 900 -> 800       a 4th quantum, F has gone 6 without: K7 waits one quantum more
//   quanta 9, 10, 11   K7, K8, K9;   quantum 12   F 800 -> 700;   and so on
//
// Example with priorities: F of 1000 with high priority counts as 62 and goes before K1 of 100 with
// normal priority, but not before K2 of 100 with high priority, which counts as 6. With low
// priority F counts as 16,000; but rule 2 ignores priorities, so it still gets one quantum in
// kAgeingPeriod beside jobs that never end.
inline constexpr std::int64_t kAgeingPeriod = 4;
inline constexpr std::int64_t kPriorityFactor = 16;

// An encoder batch that runs on the scheduler's thread delays every active job. So it does not
// start while some active job, weighed as in rule 1, can be finished in the quanta that are left of
// this many since the last such batch. Short jobs leave before the next batch; long jobs do not
// delay it.
inline constexpr std::int64_t kQuantaPerEncoderBatch = 5;

// Returns the work that rule 1 counts for a job with `queries` left.
std::int64_t WeighedQueries(std::int64_t queries, Priority priority);

// The properties of an active job that the rule depends on.
struct QuantumCandidate {
  std::int64_t queries_left = 0;
  std::int64_t idle_quanta = 0;  // quanta since it last got work
  std::uint64_t arrival = 0;     // smaller: earlier
  Priority priority = Priority::kNormal;
};

// Returns the indices of `candidates` in the order in which quantum number `quantum` (from 1)
// serves them.
std::vector<std::size_t> QuantumOrder(absl::Span<const QuantumCandidate> candidates,
                                      std::int64_t quantum);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_QUANTUM_ORDER_H_
