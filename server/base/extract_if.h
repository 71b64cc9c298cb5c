#ifndef NEMF_SERVER_BASE_EXTRACT_IF_H_
#define NEMF_SERVER_BASE_EXTRACT_IF_H_

#include <algorithm>
#include <iterator>

namespace nemf {

// Removes the jobs for which `stays` is false and returns them. Both parts keep their order.
template <typename Jobs, typename Stays>
Jobs ExtractIf(Jobs& jobs, Stays stays) {
  const auto leaving = std::stable_partition(jobs.begin(), jobs.end(), stays);
  Jobs split(std::make_move_iterator(leaving), std::make_move_iterator(jobs.end()));
  jobs.erase(leaving, jobs.end());
  return split;
}

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_EXTRACT_IF_H_
