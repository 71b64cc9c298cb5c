#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/progress.h"
#include "client/cli/report.h"
#include "client/render/file_formats.h"
#include "client/render/flow_picture.h"
#include "client/render/warp.h"

namespace nemf::cli {
namespace {

constexpr char kFooter[] =
    "The flow is defined on the query's pixel grid: reference = query + (dx, dy), in pixels. The\n"
    ".flo file has the Middlebury format. The consistency is the forward-backward error: the\n"
    "distance, in query pixels, between a pixel and where the flow and then the backward flow\n"
    "take it. It is infinite if the flow leaves the reference. The .npy file holds it as float32\n"
    "[height][width].\n"
    "\n"
    "Examples:\n"
    "  nemf flow left.png right.png --out flow.flo --png flow.png --warp warped.png\n"
    "  nemf flow left.png right.png --preset fast --refinement coarse --json\n"
    "  nemf flow cat1.jpg cat2.jpg --preview 0,1,5 --preview-png row.png\n"
    "  nemf flow left.png right.png --float16 --consistency consistency.npy --json\n"
    "  nemf flow left.png right.png --lattice-stride 2 --search-candidates 4 --search-decay 0.5\n"
    "\n"
    "Exit codes: 0 success; 1 the request failed or the server is unreachable; 2 wrong usage;\n"
    "3 a file cannot be read, parsed or written.";

struct FlowArguments {
  MatchArguments match;
  std::string flo_path;
  std::string png_path;
  std::string warp_path;
  std::vector<std::uint32_t> preview_iterations;
  std::string preview_path;
  bool float16 = false;
  std::string consistency_path;
};

// Parses "0,1,5". Returns nullopt unless the text is strictly ascending integers >= 0.
std::optional<std::vector<std::uint32_t>> ParseIterations(const std::string& text) {
  std::vector<std::uint32_t> iterations;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::uint32_t value = 0;
    const auto [rest, error] = std::from_chars(text.data() + begin, text.data() + end, value);
    const bool whole = error == std::errc() && rest == text.data() + end;
    if (!whole || (!iterations.empty() && value <= iterations.back())) return std::nullopt;
    iterations.push_back(value);
    if (end == text.size()) return iterations;
    begin = end + 1;
  }
}

client::FlowResponse Ask(const MatchArguments& match, const client::FlowRequest& request,
                         std::vector<client::FlowPreview>* previews) {
  const auto keep = [previews](client::FlowPreview preview) {
    previews->push_back(std::move(preview));
    return true;
  };
  client::Result<client::FlowResponse> response =
      match.server.Connect().ComputeFlow(request, nullptr, keep);
  if (!response.ok()) FailRequest(match.server, response.status());
  return std::move(response).value();
}

// Draws the previews and the answer side by side.
cv::Mat DrawRow(const std::vector<client::FlowPreview>& previews, const client::FlowField& field,
                const cv::Mat& reference) {
  std::vector<client::NamedFlow> states;
  for (const client::FlowPreview& each : previews) {
    const std::string name =
        each.iteration == 0 ? "Coarse" : "N = " + std::to_string(each.iteration);
    states.push_back({name, &each.field});
  }
  states.push_back({"Answer", &field});
  return client::DrawFlowRow(states, reference);
}

// Writes the requested files.
void WriteFiles(const FlowArguments& arguments, const client::FlowField& field,
                const std::vector<client::FlowPreview>& previews, const std::string& reference) {
  if (!arguments.flo_path.empty()) WriteFile(arguments.flo_path, client::EncodeFlo(field));
  if (!arguments.png_path.empty()) WritePng(arguments.png_path, client::DrawFlow(field));
  if (!arguments.warp_path.empty()) {
    const cv::Mat image = Decode(reference, arguments.match.reference_path);
    WritePng(arguments.warp_path, client::WarpReference(image, field));
  }
  if (!arguments.consistency_path.empty()) {
    WriteFile(arguments.consistency_path,
              client::EncodeNpy({field.height, field.width}, field.consistency));
  }
  if (!arguments.preview_path.empty()) {
    const cv::Mat image = Decode(reference, arguments.match.reference_path);
    WritePng(arguments.preview_path, DrawRow(previews, field, image));
  }
}

client::FlowRequest RequestOf(const FlowArguments& arguments, const std::string& query,
                              const std::string& reference) {
  client::FlowRequest request;
  request.query = client::EncodedImage{query};
  request.reference = client::EncodedImage{reference};
  request.options = arguments.match.options;
  request.model = arguments.match.Model();
  // Requests previews only if they are drawn.
  if (!arguments.preview_path.empty()) request.preview_iterations = arguments.preview_iterations;
  if (arguments.float16) request.type = client::FlowType::kFloat16;
  request.with_consistency = !arguments.consistency_path.empty();
  return request;
}

ExitCode Flow(const FlowArguments& arguments, const Streams& streams) {
  const MatchArguments& match = arguments.match;
  const std::string query = ReadFile(match.query_path);
  const std::string reference = ReadFile(match.reference_path);
  CheckOutput(arguments.flo_path);
  CheckOutput(arguments.png_path);
  CheckOutput(arguments.warp_path);
  CheckOutput(arguments.preview_path);
  CheckOutput(arguments.consistency_path);

  std::vector<client::FlowPreview> previews;
  const Stopwatch stopwatch;
  const client::FlowResponse response =
      Ask(match, RequestOf(arguments, query, reference), &previews);
  const double seconds = stopwatch.Seconds();

  WriteFiles(arguments, response.field, previews, reference);
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
  app->add_flag("--float16", arguments->float16,
                "Transfer the flow as float16: half the bytes, relative error at most 1/2048");
  app->add_option("--out", arguments->flo_path, "Write the flow")->type_name("FILE.flo");
  app->add_option("--png", arguments->png_path, "Draw the flow in colours with a legend")
      ->type_name("FILE.png");
  app->add_option("--warp", arguments->warp_path, "Draw the reference warped to the query")
      ->type_name("FILE.png");
  app->add_option("--consistency", arguments->consistency_path,
                  "Also compute the backward flow, and write the forward-backward error")
      ->type_name("FILE.npy");
  arguments->preview_iterations = {0, 1, 5};
  CLI::Option* drawn =
      app->add_option("--preview-png", arguments->preview_path,
                      "Draw the flow after the iterations of --preview, and the answer")
          ->type_name("FILE.png");
  app->add_option_function<std::string>(
         "--preview",
         [arguments](const std::string& text) {
           const auto iterations = ParseIterations(text);
           if (!iterations) {
             throw CLI::ValidationError("--preview",
                                        "'" + text + "' is not ascending numbers N,N,...");
           }
           arguments->preview_iterations = *iterations;
         },
         "PatchMatch iterations of --preview-png; 0: the coarse flow (default: 0,1,5)")
      ->type_name("N,N,...")
      ->needs(drawn);
  app->footer(kFooter);
  return [arguments](const Streams& streams) { return Flow(*arguments, streams); };
}

}  // namespace nemf::cli
