#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/pictures.h"
#include "client/cli/report.h"
#include "client/cli/stopwatch.h"
#include "client/render/flo_file.h"
#include "client/render/flow_picture.h"
#include "client/render/warp.h"

namespace nemf::cli {
namespace {

constexpr char kFooter[] =
    "The flow lives on the query's pixel grid: reference = query + (dx, dy), in pixels. A .flo\n"
    "file holds it in the Middlebury format.\n"
    "\n"
    "Examples:\n"
    "  nemf flow left.png right.png --out flow.flo --png flow.png --warp warped.png\n"
    "  nemf flow left.png right.png --preset fast --refinement coarse --json\n"
    "\n"
    "Exit codes: 0 success; 1 the server refused, failed or was not reached; 2 wrong usage;\n"
    "3 a file cannot be read, understood or written.";

struct FlowArguments {
  MatchArguments match;
  std::string flo_path;
  std::string png_path;
  std::string warp_path;
};

client::FlowResponse Ask(const MatchArguments& match, const client::FlowRequest& request) {
  client::Result<client::FlowResponse> response = match.server.Connect().ComputeFlow(request);
  if (!response.ok()) FailRequest(match.server, response.status());
  return std::move(response).value();
}

// Writes the files that were asked for.
void WriteFiles(const FlowArguments& arguments, const client::FlowField& field,
                const std::string& reference) {
  if (!arguments.flo_path.empty()) WriteFile(arguments.flo_path, client::EncodeFlo(field));
  if (!arguments.png_path.empty()) WritePng(arguments.png_path, client::DrawFlow(field));
  if (!arguments.warp_path.empty()) {
    const cv::Mat image = Decode(reference, arguments.match.reference_path);
    WritePng(arguments.warp_path, client::WarpReference(image, field));
  }
}

ExitCode Flow(const FlowArguments& arguments, const Streams& streams) {
  const MatchArguments& match = arguments.match;
  const std::string query = ReadFile(match.query_path);
  const std::string reference = ReadFile(match.reference_path);
  CheckOutput(arguments.flo_path);
  CheckOutput(arguments.png_path);
  CheckOutput(arguments.warp_path);

  const Stopwatch stopwatch;
  const client::FlowResponse response = Ask(
      match,
      {client::EncodedImage{query}, client::EncodedImage{reference}, match.options, match.Model()});
  const double seconds = stopwatch.Seconds();

  WriteFiles(arguments, response.field, reference);
  if (match.json) {
    streams.out << FlowToJson(response, seconds).dump(2) << "\n";
  } else {
    PrintFlow(response, seconds, streams.out);
  }
  return kSuccess;
}

}  // namespace

Action AddFlow(CLI::App* app) {
  const auto arguments = std::make_shared<FlowArguments>();
  arguments->match.AddTo(app);
  app->add_option("--out", arguments->flo_path, "Write the flow")->type_name("FILE.flo");
  app->add_option("--png", arguments->png_path, "Draw the flow in colours, with a legend")
      ->type_name("FILE.png");
  app->add_option("--warp", arguments->warp_path, "Draw the reference warped to the query")
      ->type_name("FILE.png");
  app->footer(kFooter);
  return [arguments](const Streams& streams) { return Flow(*arguments, streams); };
}

}  // namespace nemf::cli
