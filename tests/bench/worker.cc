// nemf-bench-worker THREADS: measures parts of the engine on request, so that a driver can take
// turns between it and other programs. Each line of stdin is a request, a JSON object whose
// "command" is one of those in Handle(); each is answered by one line of JSON on stdout, with
// "error" in it where it failed.

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/field_meter.h"
#include "tests/bench/product_meter_torch.h"
#include "tests/bench/worker_engine.h"

namespace nemf::bench {
namespace {

using Json = nlohmann::json;

Json Error(const absl::Status& status) { return {{"error", status.ToString()}}; }

// The largest resident memory since the last reset, MiB.
double PeakMebibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

std::vector<Point> PointsOf(const Json& list) {
  std::vector<Point> points;
  for (const Json& point : list) points.push_back({point.at(0), point.at(1)});
  return points;
}

// Writes (x, y, score) of every match, float32.
void WriteMatches(const std::string& path, const std::vector<Match>& matches) {
  std::ofstream out(path, std::ios::binary);
  for (const Match& match : matches) {
    const float values[] = {match.reference.x, match.reference.y, match.score};
    out.write(reinterpret_cast<const char*>(values), sizeof(values));
  }
}

class Worker {
 public:
  explicit Worker(int threads) : threads_(threads) {}

  Json Handle(const Json& request) {
    const std::string command = request.at("command");
    if (command == "load") return Load(request.at("bundle"));
    if (command == "pair") return SetPair(request);
    if (command == "encode") return Encode();
    if (command == "match") return RunMatch(request);
    if (command == "field") return MeasureField(request);
    if (command == "products") return MeasureProductRates(request.at("seconds"));
    if (command == "reset_peak") return ResetPeak(), Json::object();
    if (command == "peak") return {{"mib", PeakMebibytes()}};
    return Error(absl::InvalidArgumentError(absl::StrCat("no command is called ", command)));
  }

 private:
  // The engine of a bundle, for the commands "pair", "encode" and "match".
  Json Load(const std::string& directory) {
    auto engine = WorkerEngine::Load(directory, threads_);
    if (!engine.ok()) return Error(engine.status());
    engine_ = *std::move(engine);
    return Json::object();
  }

  Json SetPair(const Json& request) {
    const auto size = [&](const char* name) {
      return ImageSize{request.at(name).at(0), request.at(name).at(1)};
    };
    const absl::Status status = engine_->SetPair(size("query_size"), request.at("query"),
                                                 size("reference_size"), request.at("reference"));
    return status.ok() ? Json::object() : Error(status);
  }

  Json Encode() {
    const absl::StatusOr<double> seconds = engine_->Encode();
    if (!seconds.ok()) return Error(seconds.status());
    return {{"seconds", *seconds}};
  }

  // "preset"; "points" (all pixels where it is empty); where given, "iterations" and "steps" in
  // place of the preset's, and "out", the file of the answer.
  Json RunMatch(const Json& request) {
    absl::StatusOr<MatchOptions> options = ScheduleNamed(request.at("preset"));
    if (!options.ok()) return Error(options.status());
    options->patchmatch_iterations = request.value("iterations", options->patchmatch_iterations);
    options->optimize_steps = request.value("steps", options->optimize_steps);
    const absl::StatusOr<Run> run = engine_->Match(PointsOf(request.at("points")), *options);
    if (!run.ok()) return Error(run.status());
    if (request.contains("out")) WriteMatches(request.at("out"), run->matches);
    return {{"seconds", run->seconds}, {"queries", run->queries}};
  }

  Json MeasureField(const Json& request) {
    const std::string directory = request.at("bundle");
    std::unique_ptr<FieldMeter>& meter = meters_[directory];
    if (meter == nullptr) {
      auto loaded = FieldMeter::Load(directory, threads_);
      if (!loaded.ok()) return Error(loaded.status());
      meter = *std::move(loaded);
    }
    const absl::StatusOr<double> rate = meter->QueriesPerSecond(request.at("seconds"));
    if (!rate.ok()) return Error(rate.status());
    return {{"queries_per_second", *rate}, {"flops_per_query", meter->flops_per_query()}};
  }

  Json MeasureProductRates(double seconds) const {
    const ProductRates rates = MeasureProducts(threads_, seconds);
    return {{"at_mm", rates.at_mm}, {"onednn", rates.onednn}};
  }

  const int threads_;
  std::unique_ptr<WorkerEngine> engine_;
  std::map<std::string, std::unique_ptr<FieldMeter>> meters_;
};

int Main(int argc, char** argv) {
  if (argc != 2 || std::atoi(argv[1]) < 1) {
    std::fprintf(stderr, "usage: nemf-bench-worker THREADS\n");
    return 2;
  }
  Worker worker(std::atoi(argv[1]));
  for (std::string line; std::getline(std::cin, line);) {
    Json answer;
    try {
      answer = worker.Handle(Json::parse(line));
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace nemf::bench

int main(int argc, char** argv) { return nemf::bench::Main(argc, argv); }
