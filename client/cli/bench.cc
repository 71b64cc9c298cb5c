#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/bench_report.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/progress.h"
#include "client/load/load_report.h"
#include "client/load/load_run.h"
#include "client/load/photographs.h"
#include "client/load/traffic.h"
#include "client/render/latency_picture.h"

namespace nemf::cli {
namespace {

constexpr char kFooter[] =
    "Without --rate, a closed loop: each of --concurrency clients sends its next request when it\n"
    "has the answer to the last one, which measures the capacity of the server. With --rate, an\n"
    "open loop: requests arrive at random (Poisson), independently of the server. Latency counts\n"
    "from the arrival, even if the request is sent later. --seed also determines arrivals, pairs\n"
    "and keypoints.\n"
    "\n"
    "Examples:\n"
    "  nemf bench --concurrency 8 --duration 30\n"
    "  nemf bench --pairs photographs --rate 20 --deadline-ms 500 --flow-share 0.02 --png "
    "load.png\n"
    "  nemf bench --rate 5 --preset fast --json --csv requests.csv\n"
    "\n"
    "Exit codes: 0 at least one request succeeded; 1 none did; 2 wrong usage; 3 a file cannot be\n"
    "read, parsed or written.";

// Number and size of the built-in pictures, which are used without --pairs.
constexpr int kPictures = 24;
constexpr int kPictureWidth = 640;
constexpr int kPictureHeight = 480;

struct BenchArguments {
  MatchArguments match;
  std::string pairs_path;
  int concurrency = 1;
  int max_in_flight = 256;
  double deadline_ms = 0;
  load::LoadOptions load = {.warm_up = 2, .duration = 20};
  load::TrafficOptions traffic;
  std::string csv_path;
  std::string png_path;
};

std::vector<load::Photograph> Photographs(const BenchArguments& arguments) {
  if (arguments.pairs_path.empty()) {
    return load::MakePhotographs(kPictures, kPictureWidth, kPictureHeight, arguments.traffic.seed);
  }
  client::Result<std::vector<load::Photograph>> read = load::ReadPhotographs(arguments.pairs_path);
  if (!read.ok()) throw Failure(kFileError, read.status().message());
  return std::move(read).value();
}

std::string Describe(const BenchArguments& arguments, std::size_t photographs) {
  const std::string count = std::to_string(photographs);
  return arguments.pairs_path.empty()
             ? count + " built-in pictures of " + std::to_string(kPictureWidth) + " x " +
                   std::to_string(kPictureHeight)
             : count + " pictures of " + arguments.pairs_path;
}

// Completes the options of the run from the arguments. Throws Failure(kUsageError).
BenchArguments Resolve(BenchArguments arguments) {
  arguments.load.deadline = arguments.deadline_ms / 1000;
  arguments.load.workers =
      arguments.load.rate > 0 ? arguments.max_in_flight : arguments.concurrency;
  arguments.load.seed = arguments.traffic.seed = arguments.match.options.seed;
  for (const client::Status& status : {arguments.load.Validate(), arguments.traffic.Validate()}) {
    if (!status.ok()) throw Failure(kUsageError, status.message());
  }
  // The deadline is sent to the server. Retries would hide its answers.
  if (arguments.load.deadline > 0) arguments.match.server.timeout_seconds = arguments.load.deadline;
  arguments.match.server.max_attempts = 1;
  return arguments;
}

// Sends the requests that the traffic draws.
class Sender {
 public:
  Sender(const BenchArguments& arguments, const std::vector<load::Photograph>& photographs)
      : arguments_(arguments),
        photographs_(photographs),
        client_(arguments.match.server.Connect()) {}

  load::Answer operator()(std::uint64_t index) const {
    const load::RequestPlan plan = load::PlanRequest(arguments_.traffic, photographs_, index);
    load::Answer answer =
        plan.kind == load::RequestKind::kFlow ? AskFlow(plan) : AskKeypoints(plan);
    answer.kind = plan.kind;
    return answer;
  }

 private:
  template <typename Request>
  Request Prepare(const load::RequestPlan& plan) const {
    Request request;
    request.query = client::EncodedImage{photographs_[plan.query].bytes};
    request.reference = client::EncodedImage{photographs_[plan.reference].bytes};
    request.options = arguments_.match.options;
    request.model = arguments_.match.Model();
    return request;
  }

  load::Answer AskKeypoints(const load::RequestPlan& plan) const {
    auto request = Prepare<client::KeypointRequest>(plan);
    request.keypoints = plan.keypoints;
    return ToAnswer(client_.TransferKeypoints(request));
  }

  load::Answer AskFlow(const load::RequestPlan& plan) const {
    return ToAnswer(client_.ComputeFlow(Prepare<client::FlowRequest>(plan)));
  }

  template <typename Response>
  static load::Answer ToAnswer(const client::Result<Response>& response) {
    load::Answer answer;
    answer.status = response.status();
    if (response.ok()) answer.statistics = response->statistics;
    return answer;
  }

  const BenchArguments& arguments_;
  const std::vector<load::Photograph>& photographs_;
  const client::Client client_;
};

// A progress bar of the elapsed seconds, advanced when a request ends.
class LoadProgress {
 public:
  LoadProgress(const load::LoadOptions& options, std::ostream* err)
      : seconds_(static_cast<int>(std::ceil(options.warm_up + options.duration))),
        progress_(err, seconds_, "s of load") {}

  void Note(const load::Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    while (shown_ < seconds_ && shown_ < outcome.finished) {
      progress_.Step();
      ++shown_;
    }
  }

 private:
  const int seconds_;
  Progress progress_;
  std::mutex mutex_;
  int shown_ = 0;
};

std::vector<load::Outcome> RunAgainstServer(const BenchArguments& arguments,
                                            const std::vector<load::Photograph>& photographs,
                                            const Streams& streams) {
  const Sender sender(arguments, photographs);
  LoadProgress progress(arguments.load, &streams.err);
  load::SteadyClock clock;
  return load::RunLoad(arguments.load, &clock, std::cref(sender),
                       [&progress](const load::Outcome& outcome) { progress.Note(outcome); });
}

void WriteFiles(const BenchArguments& arguments, const BenchRun& run) {
  if (!arguments.csv_path.empty()) WriteFile(arguments.csv_path, BenchToCsv(run));
  if (arguments.png_path.empty()) return;
  std::vector<client::LatencyCurve> curves = {{"keypoints", {}}, {"flows", {}}};
  for (const load::Outcome& outcome : run.outcomes) {
    const bool counts = load::PhaseOf(outcome, run.load) == load::Phase::kMeasured;
    if (!counts || !outcome.answer.status.ok()) continue;
    curves[outcome.answer.kind == load::RequestKind::kFlow].seconds.push_back(outcome.latency());
  }
  std::erase_if(curves, [](const client::LatencyCurve& curve) { return curve.seconds.empty(); });
  WritePng(arguments.png_path, client::DrawLatency(curves, run.load.deadline));
}

// Fails with the first error of a run in which no request succeeded.
[[noreturn]] void FailUnanswered(const BenchRun& run, const ServerArguments& server) {
  for (const load::Outcome& outcome : run.outcomes) {
    if (!outcome.answer.status.ok()) FailRequest(server, outcome.answer.status);
  }
  throw Failure(kRequestError, "no request arrived in the time: --rate or --duration is too small");
}

ExitCode Bench(const BenchArguments& given, const Streams& streams) {
  const BenchArguments arguments = Resolve(given);
  CheckOutput(arguments.csv_path);
  CheckOutput(arguments.png_path);
  const std::vector<load::Photograph> photographs = Photographs(arguments);

  BenchRun run{.server = arguments.match.server.target,
               .model = "",
               .pictures = Describe(arguments, photographs.size()),
               .load = arguments.load,
               .traffic = arguments.traffic,
               .outcomes = RunAgainstServer(arguments, photographs, streams)};
  run.model = ModelOf(run.outcomes);
  if (run.model.empty()) FailUnanswered(run, arguments.match.server);

  WriteFiles(arguments, run);
  const load::LoadReport report = load::Summarize(run.outcomes, run.load);
  if (arguments.match.json) {
    streams.out << BenchToJson(run, report).dump(2) << "\n";
  } else {
    PrintBench(run, report, streams.out);
  }
  return kSuccess;
}

void AddLoadOptions(CLI::App* app, BenchArguments* arguments) {
  app->add_option("--rate", arguments->load.rate, "Open loop: requests per second")->type_name("R");
  app->add_option("--concurrency", arguments->concurrency, "Closed loop: requests in flight")
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--max-in-flight", arguments->max_in_flight,
                  "Open loop: limit of requests in flight")
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--duration", arguments->load.duration, "Length of the measurement, seconds")
      ->type_name("S")
      ->capture_default_str();
  app->add_option("--warm-up", arguments->load.warm_up, "Length of the warm-up before it, seconds")
      ->type_name("S")
      ->capture_default_str();
  app->add_option("--deadline-ms", arguments->deadline_ms, "Deadline of a request; 0: --timeout")
      ->check(CLI::Validator(CLI::Range(0.0, 1e9)).description(""))
      ->type_name("MS")
      ->capture_default_str();
}

void AddTrafficOptions(CLI::App* app, BenchArguments* arguments) {
  app->add_option("--pairs", arguments->pairs_path,
                  "Folder of photographs to draw pairs from; the first 256 by name (default: "
                  "built-in pictures)")
      ->type_name("DIR");
  app->add_option("--keypoints", arguments->traffic.keypoints, "Keypoints per request")
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--flow-share", arguments->traffic.flow_share,
                  "Fraction of the requests that are dense flows, 0 to 1")
      ->type_name("SHARE")
      ->capture_default_str();
}

}  // namespace

Action AddBench(CLI::App* app) {
  const auto arguments = std::make_shared<BenchArguments>();
  AddLoadOptions(app, arguments.get());
  AddTrafficOptions(app, arguments.get());
  app->add_option("--csv", arguments->csv_path, "Write one row per request")->type_name("FILE.csv");
  app->add_option("--png", arguments->png_path, "Draw the latency distribution")
      ->type_name("FILE.png");
  arguments->match.AddOptionsTo(app);
  app->footer(kFooter);
  return [arguments](const Streams& streams) { return Bench(*arguments, streams); };
}

}  // namespace nemf::cli
