#include "client/load/distribution.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace nemf::load {

double Percentile(const std::vector<double>& ascending, double share) {
  assert(!ascending.empty() && share > 0 && share <= 1);
  // 0.999 * 1000 is a little more than 999: without the slack it would be the 1000th.
  constexpr double kSlack = 1e-9;
  const auto rank =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(ascending.size()) - kSlack));
  return ascending[std::clamp<std::size_t>(rank, 1, ascending.size()) - 1];
}

Distribution Describe(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.count = values.size(),
          .mean = sum / static_cast<double>(values.size()),
          .p50 = Percentile(values, 0.5),
          .p90 = Percentile(values, 0.9),
          .p99 = Percentile(values, 0.99),
          .p999 = Percentile(values, 0.999),
          .max = values.back()};
}

}  // namespace nemf::load
