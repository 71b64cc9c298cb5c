#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/progress.h"
#include "client/cli/report.h"
#include "client/render/keypoint_picture.h"

namespace nemf::cli {
namespace {

constexpr char kFooter[] =
    "FILE.json is {\"points\": [[x, y], ...]}, in pixels of the query (--keypoints) or of the\n"
    "reference (--truth). x increases to the right and y downwards. 0,0 is the centre of the\n"
    "top-left pixel. EXIF orientation is applied first.\n"
    "\n"
    "Examples:\n"
    "  nemf transfer cat1.jpg cat2.jpg --point 120,80 200.5,64 --png matches.png\n"
    "  nemf transfer a.png b.png --keypoints a.json --truth b.json --alpha 0.1 --json\n"
    "  nemf transfer a.png b.png --point 120,80 --preset balanced --lattice-stride 2\n"
    "\n"
    "Exit codes: 0 success; 1 the request failed or the server is unreachable; 2 wrong usage;\n"
    "3 a file cannot be read, parsed or written.";

struct TransferArguments {
  MatchArguments match;
  std::vector<std::string> points;  // "x,y"
  std::string keypoints_path;
  std::string truth_path;
  double alpha = 0.05;
  std::string png_path;
};

std::vector<client::Point> Keypoints(const TransferArguments& arguments) {
  if (!arguments.keypoints_path.empty()) return ReadKeypoints(arguments.keypoints_path);
  if (arguments.points.empty()) {
    throw Failure(kUsageError, "no keypoints: --point or --keypoints is required");
  }
  std::vector<client::Point> points;
  for (const std::string& text : arguments.points) points.push_back(ParsePoint(text).value());
  return points;
}

std::vector<client::Point> Truth(const TransferArguments& arguments, std::size_t count) {
  if (arguments.truth_path.empty()) return {};
  std::vector<client::Point> truth = ReadKeypoints(arguments.truth_path);
  if (truth.size() != count) {
    throw Failure(kFileError, arguments.truth_path + ": has " + std::to_string(truth.size()) +
                                  " points, must have one for each of the " +
                                  std::to_string(count) + " keypoints");
  }
  return truth;
}

Evaluation Evaluate(const std::vector<client::KeypointMatch>& matches,
                    const std::vector<client::Point>& truth, const client::PckRule& rule) {
  Evaluation evaluation;
  evaluation.alpha = rule.alpha;
  const double share = 1.0 / static_cast<double>(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double error = client::EndPointError(matches[i].reference, truth[i]);
    evaluation.errors.push_back(error);
    evaluation.mean_error += share * error;
    if (rule.Correct(matches[i].reference, truth[i])) evaluation.pck += share;
  }
  return evaluation;
}

client::KeypointResponse Ask(const TransferArguments& arguments,
                             const client::KeypointRequest& request) {
  const MatchArguments& match = arguments.match;
  client::Result<client::KeypointResponse> response =
      match.server.Connect().TransferKeypoints(request);
  if (!response.ok()) FailRequest(match.server, response.status());
  if (response->matches.size() != request.keypoints.size()) {
    FailRequest(match.server,
                client::Status(client::Code::kDataLoss,
                               std::to_string(response->matches.size()) + " matches for " +
                                   std::to_string(request.keypoints.size()) + " keypoints"));
  }
  return std::move(response).value();
}

ExitCode Transfer(const TransferArguments& arguments, const Streams& streams) {
  const MatchArguments& match = arguments.match;
  const std::string query = ReadFile(match.query_path);
  const std::string reference = ReadFile(match.reference_path);
  const std::vector<client::Point> keypoints = Keypoints(arguments);
  const std::vector<client::Point> truth = Truth(arguments, keypoints.size());
  CheckOutput(arguments.png_path);

  const Stopwatch stopwatch;
  const client::KeypointResponse response =
      Ask(arguments, {client::EncodedImage{query}, client::EncodedImage{reference}, keypoints,
                      match.options, match.Model()});
  const double seconds = stopwatch.Seconds();

  std::optional<Evaluation> evaluation;
  if (!truth.empty()) {
    const cv::Mat image = Decode(reference, match.reference_path);
    evaluation =
        Evaluate(response.matches, truth, {arguments.alpha, std::max(image.cols, image.rows)});
  }
  if (!arguments.png_path.empty()) {
    const cv::Mat left = Decode(query, match.query_path);
    const cv::Mat right = Decode(reference, match.reference_path);
    WritePng(arguments.png_path,
             truth.empty()
                 ? client::DrawKeypoints(left, right, response.matches)
                 : client::DrawKeypoints(left, right, response.matches, truth, arguments.alpha));
  }
  const Evaluation* compared = evaluation ? &*evaluation : nullptr;
  if (match.json) {
    streams.out << TransferToJson(response, compared, seconds).dump(2) << "\n";
  } else {
    PrintTransfer(response, compared, seconds, streams.out);
  }
  return kSuccess;
}

std::string CheckPoint(const std::string& text) {
  return ParsePoint(text) ? "" : "'" + text + "' is not a point x,y";
}

}  // namespace

Action AddTransfer(CLI::App* app) {
  const auto arguments = std::make_shared<TransferArguments>();
  arguments->match.AddTo(app);
  CLI::Option* point =
      app->add_option("--point", arguments->points, "Keypoints in query pixels; may be repeated")
          ->check(CheckPoint)
          ->type_name("X,Y")
          ->allow_extra_args(false);
  app->add_option("--keypoints", arguments->keypoints_path, "File of keypoints in query pixels")
      ->type_name("FILE.json")
      ->excludes(point);
  app->add_option("--truth", arguments->truth_path,
                  "File of the true matches in reference pixels, for PCK")
      ->type_name("FILE.json");
  app->add_option("--alpha", arguments->alpha,
                  "With --truth: PCK threshold as a fraction of the reference's longer side")
      ->check(CLI::Validator(CLI::PositiveNumber).description(""))
      ->type_name("A")
      ->capture_default_str();
  app->add_option("--png", arguments->png_path, "Draw the matches")->type_name("OUT.png");
  app->footer(kFooter);
  return [arguments](const Streams& streams) { return Transfer(*arguments, streams); };
}

}  // namespace nemf::cli
