// The engine called in process, at the orders of a benchmark.
//
// Usage: bench_serving_engine BUNDLE PHOTOGRAPHS PRESET KEYPOINTS SEED
// PRESET is reference, balanced or fast. Once it is loaded and warm it prints "ready"; then it
// takes one order a line from its input and prints one line of JSON for each:
//   throughput GROUP SECONDS   answers keypoint requests for about SECONDS, GROUP at a time
//   cancel TRIALS              cancels TRIALS flows in a scheduler
// It ends with its input. An error goes to the error stream and ends it with status 1.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/engine/load_model.h"
#include "server/engine/presets.h"
#include "tests/bench_serving/cancel_steps.h"
#include "tests/bench_serving/engine_throughput.h"

namespace nemf {
namespace {

using nlohmann::json;

struct Arguments {
  std::string bundle;
  std::string photographs;
  std::string preset;
  load::TrafficOptions traffic;
};

absl::StatusOr<MatchOptions> ToOptions(const std::string& preset) {
  if (preset == "reference") return ReferenceSchedule();
  if (preset == "balanced") return BalancedSchedule();
  if (preset == "fast") return FastSchedule();
  return absl::InvalidArgumentError(
      absl::StrCat("PRESET = ", preset, ", must be reference, balanced or fast"));
}

absl::StatusOr<json> Throughput(EngineCaller* caller, int group, double seconds) {
  const absl::StatusOr<EngineThroughput> done = caller->Run(group, seconds);
  if (!done.ok()) return done.status();
  return json{{"group", group},
              {"pairs", done->pairs},
              {"seconds", done->seconds},
              {"encode_seconds", done->encode_seconds},
              {"match_seconds", done->match_seconds}};
}

absl::StatusOr<json> Cancel(Engine* engine, const EngineCaller& caller, int trials,
                            std::uint64_t seed) {
  const auto& images = caller.images();
  const ImagePair pair = {images[0], images[1]};
  const absl::StatusOr<CancelSteps> done = MeasureCancelSteps(engine, pair, trials, seed);
  if (!done.ok()) return done.status();
  return json{{"trials", done->trials},
              {"max_steps", done->max_steps},
              {"mean_steps", done->mean_steps},
              {"max_seconds", done->max_seconds},
              {"chunk_seconds", done->chunk_seconds}};
}

absl::StatusOr<json> Obey(const std::string& line, Engine* engine, EngineCaller* caller,
                          std::uint64_t seed) {
  std::istringstream words(line);
  std::string order;
  int count = 0;
  double seconds = 0;
  words >> order >> count;
  if (order == "throughput" && words >> seconds && count >= 1 && seconds > 0) {
    return Throughput(caller, count, seconds);
  }
  if (order == "cancel" && count >= 1) return Cancel(engine, *caller, count, seed);
  return absl::InvalidArgumentError(
      absl::StrCat("\"", line, "\" is neither throughput GROUP SECONDS nor cancel TRIALS"));
}

absl::Status Run(const Arguments& arguments) {
  const absl::StatusOr<MatchOptions> options = ToOptions(arguments.preset);
  if (!options.ok()) return options.status();
  if (const client::Status status = arguments.traffic.Validate(); !status.ok()) {
    return absl::InvalidArgumentError(status.message());
  }
  const auto photographs = load::ReadPhotographs(arguments.photographs);
  if (!photographs.ok()) return absl::InvalidArgumentError(photographs.status().message());
  absl::StatusOr<LoadedModel> model = LoadModel(arguments.bundle, {.device = "cpu"});
  if (!model.ok()) return model.status();
  absl::StatusOr<EngineCaller> caller =
      EngineCaller::Create(model->engine.get(), *photographs, arguments.traffic, *options);
  if (!caller.ok()) return caller.status();
  constexpr int kWarmUpGroup = 4;
  constexpr double kWarmUpSeconds = 0.5;
  if (auto warm = caller->Run(kWarmUpGroup, kWarmUpSeconds); !warm.ok()) return warm.status();
  std::cout << "ready" << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
    const absl::StatusOr<json> answer =
        Obey(line, model->engine.get(), &*caller, arguments.traffic.seed);
    if (!answer.ok()) return answer.status();
    std::cout << answer->dump() << std::endl;
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: bench_serving_engine BUNDLE PHOTOGRAPHS PRESET KEYPOINTS SEED\n";
    return 2;
  }
  const Arguments arguments{
      argv[1],
      argv[2],
      argv[3],
      {.keypoints = std::atoi(argv[4]), .seed = std::strtoull(argv[5], nullptr, 10)}};
  if (const absl::Status status = Run(arguments); !status.ok()) {
    std::cerr << "bench_serving_engine: " << status.message() << "\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace nemf

int main(int argc, char** argv) { return nemf::Main(argc, argv); }
