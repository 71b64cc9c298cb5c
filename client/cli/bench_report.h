#ifndef NEMF_CLIENT_CLI_BENCH_REPORT_H_
#define NEMF_CLIENT_CLI_BENCH_REPORT_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "client/load/load_report.h"
#include "client/load/load_run.h"
#include "client/load/traffic.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {

// The settings and outcomes of one run of `nemf bench`.
struct BenchRun {
  std::string server;
  std::string model;  // "small/1 on cpu"; empty if no request succeeded
  std::string pictures;
  load::LoadOptions load;
  load::TrafficOptions traffic;
  std::vector<load::Outcome> outcomes;
};

// Returns "small/1 on cpu" of the first answer; empty if there is none.
std::string ModelOf(const std::vector<load::Outcome>& outcomes);

nlohmann::ordered_json BenchToJson(const BenchRun& run, const load::LoadReport& report);
void PrintBench(const BenchRun& run, const load::LoadReport& report, std::ostream& out);

// Returns a header and one row per request that was started. Times are in seconds.
std::string BenchToCsv(const BenchRun& run);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_BENCH_REPORT_H_
