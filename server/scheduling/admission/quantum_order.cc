#include "server/scheduling/admission/quantum_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace nemf {
namespace {

bool IsShorter(const QuantumCandidate& a, const QuantumCandidate& b) {
  return std::pair(WeighedQueries(a.queries_left, a.priority), a.arrival) <
         std::pair(WeighedQueries(b.queries_left, b.priority), b.arrival);
}

bool IsHungrier(const QuantumCandidate& a, const QuantumCandidate& b) {
  return a.idle_quanta != b.idle_quanta ? a.idle_quanta > b.idle_quanta : a.arrival < b.arrival;
}

}  // namespace

std::int64_t WeighedQueries(std::int64_t queries, Priority priority) {
  switch (priority) {
    case Priority::kLow:
      return queries * kPriorityFactor;
    case Priority::kNormal:
      return queries;
    case Priority::kHigh:
      return queries / kPriorityFactor;
  }
  return queries;
}

std::vector<std::size_t> QuantumOrder(absl::Span<const QuantumCandidate> candidates,
                                      std::int64_t quantum) {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return IsShorter(candidates[a], candidates[b]); });
  if (order.empty() || quantum % kAgeingPeriod != 0) return order;

  const auto hungriest = std::min_element(order.begin(), order.end(), [&](auto a, auto b) {
    return IsHungrier(candidates[a], candidates[b]);
  });
  if (candidates[*hungriest].idle_quanta >= kAgeingPeriod - 1) {
    std::rotate(order.begin(), hungriest, hungriest + 1);
  }
  return order;
}

}  // namespace nemf
