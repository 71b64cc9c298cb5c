#ifndef NEMF_CLIENT_LOAD_DISTRIBUTION_H_
#define NEMF_CLIENT_LOAD_DISTRIBUTION_H_

#include <cstddef>
#include <vector>

namespace nemf::load {

// What is told of many numbers. All 0 where there was none.
struct Distribution {
  std::size_t count = 0;
  double mean = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};

// The smallest of the values that is at least as large as `share` of them (nearest rank). Requires
// `ascending` to be sorted and not empty, and 0 < share <= 1.
double Percentile(const std::vector<double>& ascending, double share);

Distribution Describe(std::vector<double> values);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_DISTRIBUTION_H_
