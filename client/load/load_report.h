#ifndef NEMF_CLIENT_LOAD_LOAD_REPORT_H_
#define NEMF_CLIENT_LOAD_LOAD_REPORT_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "client/load/load_run.h"

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

// What became of the requests of one kind. Times are in seconds.
struct GroupReport {
  std::size_t requests = 0;
  std::size_t answers = 0;                    // ended with OK
  std::size_t good = 0;                       // of them, within the deadline
  std::size_t refused = 0;                    // RESOURCE_EXHAUSTED
  std::size_t refused_with_pushback = 0;      // of them, told when to come again, or not to
  std::size_t cached = 0;                     // answers without an encoder pass of their own
  std::map<std::string, std::size_t> errors;  // by the code's name, all but OK

  // Of the answers. `latency` counts from the scheduled time. The stages are the server's own
  // account; `rest` is what it does not account for: the network, gRPC, and for late starts the
  // client's queue.
  Distribution latency;
  Distribution decode;
  Distribution queue;
  Distribution encode;
  Distribution match;
  Distribution rest;
};

// When a request counts. Closed loop: by its end, so that a rate is what the server completed in
// the time, however long a request takes. Open loop: by its scheduled time, so that each arrival of
// the time counts, however late its end.
enum class Phase { kWarmUp, kMeasured, kAfter };
Phase PhaseOf(const Outcome& outcome, const LoadOptions& options);

struct LoadReport {
  // Every request that was started is in exactly one of these.
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
