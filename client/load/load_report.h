#ifndef NEMF_CLIENT_LOAD_LOAD_REPORT_H_
#define NEMF_CLIENT_LOAD_LOAD_REPORT_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "client/load/load_run.h"

namespace nemf::load {

// Summary of a set of numbers. All members are 0 if the set is empty.
struct Distribution {
  std::size_t count = 0;
  double mean = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};

// Returns the percentile by nearest rank: the smallest value that is at least as large as the
// fraction `share` of all values. Requires sorted, non-empty values and 0 < share <= 1.
double Percentile(const std::vector<double>& ascending, double share);

Distribution Describe(std::vector<double> values);

// Outcomes of the requests of one kind. Times are in seconds.
struct GroupReport {
  std::size_t requests = 0;
  std::size_t answers = 0;                    // ended with OK
  std::size_t good = 0;                       // of them, within the deadline
  std::size_t refused = 0;                    // RESOURCE_EXHAUSTED
  std::size_t refused_with_pushback = 0;      // of them, with a retry push-back
  std::size_t cached = 0;                     // answers without an encoder batch
  std::map<std::string, std::size_t> errors;  // by the code's name, all but OK

  // Of the answers. `latency` counts from the scheduled time. The stages are measured by the
  // server. `rest` is the remainder: network, gRPC, and the client's queue for requests that start
  // late.
  Distribution latency;
  Distribution decode;
  Distribution queue;
  Distribution encode;
  Distribution match;
  Distribution rest;
};

// The phase that a request counts in. Closed loop: by its end, so that rates are completions in the
// measured time. Open loop: by its scheduled time, so that every arrival in the measured time
// counts, even if it ends later.
enum class Phase { kWarmUp, kMeasured, kAfter };
Phase PhaseOf(const Outcome& outcome, const LoadOptions& options);

struct LoadReport {
  // Number of requests by phase. Each started request has exactly one phase.
  std::size_t warm_up = 0;
  std::size_t measured = 0;
  std::size_t after = 0;

  double seconds = 0;     // LoadOptions.duration
  double throughput = 0;  // answers a second
  double goodput = 0;     // answers within the deadline a second
  GroupReport all;        // of what was measured
  GroupReport keypoints;
  GroupReport flows;
};

LoadReport Summarize(const std::vector<Outcome>& outcomes, const LoadOptions& options);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_LOAD_REPORT_H_
