#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_QUANTUM_ORDER_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_QUANTUM_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/scheduling/priority.h"

namespace nemf {

// The fairness rule: which active jobs a chunk of matching serves first.
//
//   1. Little work first: jobs are served in the order of the field queries that they have left,
//      fewest first; equals in the order of their arrival. A job of high priority is ordered as if
//      it had a kPriorityFactor-th of its work left, one of low priority as if it had
//      kPriorityFactor times as much.
//   2. Ageing: every kAgeingPeriod-th chunk is led by the job that has gone the longest without
//      work, if it has gone without for kAgeingPeriod - 1 chunks or more; then rule 1.
//
// A chunk is shared: what the first job does not use of its queries goes to the next.
//
// So the job that rule 1 puts first waits for the chunk that is running, then gets every chunk but,
// if some job is starving, one in kAgeingPeriod. And of n active jobs each gets work at least once
// in kAgeingPeriod * (n + 1) chunks, however many short jobs keep coming.
//
// Example: chunks of 100 queries, F a flow with 1000 left, keypoint jobs K1, K2, ... of 100 each.
//   chunk 1   F alone            F 1000 -> 900
//   (K1 and K2 arrive)
//   chunk 2   K1 (100 < 900)     K1 done; it waited for no chunk but the running one
//   chunk 3   K2                 K2 done
//   (a K arrives before each chunk from here on)
//   chunk 4   K3                 4th chunk, but F has only gone 2 chunks without work
//   chunks 5, 6, 7   K4, K5, K6
//   chunk 8   F 900 -> 800       4th chunk, F has gone 6 without: K7 waits for one chunk more
//   chunks 9, 10, 11   K7, K8, K9;   chunk 12   F 800 -> 700;   and so on
//
// Example with priorities: F of 1000 with high priority counts as 62 and goes before K1 of 100 with
// normal priority, but not before K2 of 100 with high priority, which counts as 6. With low
// priority F counts as 16,000; yet rule 2 knows no priorities, so it still gets one chunk in
// kAgeingPeriod beside jobs that never end.
inline constexpr std::int64_t kAgeingPeriod = 4;
inline constexpr std::int64_t kPriorityFactor = 16;

// The work that rule 1 takes a job for that has `queries` left.
std::int64_t WeighedQueries(std::int64_t queries, Priority priority);

// What the rule looks at in one active job.
struct QuantumCandidate {
  std::int64_t queries_left = 0;
  std::int64_t idle_chunks = 0;  // chunks since it last got work
  std::uint64_t arrival = 0;     // smaller: earlier
  Priority priority = Priority::kNormal;
};

// The indices of `candidates` in the order in which chunk number `chunk` (from 1) serves them.
std::vector<std::size_t> QuantumOrder(absl::Span<const QuantumCandidate> candidates,
                                      std::int64_t chunk);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_QUANTUM_ORDER_H_
