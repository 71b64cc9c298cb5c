#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/progress.h"
#include "client/cli/report.h"
#include "client/render/field_picture.h"
#include "client/render/file_formats.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {
namespace {

constexpr char kFooter[] =
    "Scores one query point against a grid of points over the whole reference. The picture shows\n"
    "contours and a surface of the encoder's coarse cost and of the matching field. The .npy file\n"
    "holds float32 [2][rows][columns]: the field's scores (logits), then the coarse cost.\n"
    "\n"
    "Examples:\n"
    "  nemf field cat1.jpg cat2.jpg --point 120,80 --out field.png\n"
    "  nemf field cat1.jpg cat2.jpg --point 120,80 --columns 128 --rows 96 --npy field.npy --json\n"
    "\n"
    "Exit codes: 0 success; 1 the request failed or the server is unreachable; 2 wrong usage;\n"
    "3 a file cannot be read, parsed or written.";

struct FieldArguments {
  std::string query_path;
  std::string reference_path;
  client::Point point;
  std::uint32_t columns = 64;
  std::uint32_t rows = 64;
  std::string model;
  ServerArguments server;
  std::string png_path;
  std::string npy_path;
  double smooth = 0;  // nodes
  bool json = false;
};

// The largest value and its reference point in pixels.
struct Best {
  client::Point reference;
  float value = 0;
};

Best FindBest(const std::vector<float>& values, const client::FieldResponse& response) {
  const auto largest = std::max_element(values.begin(), values.end());
  const int node = static_cast<int>(largest - values.begin());
  const client::FieldSample& field = response.field;
  const auto pixel = [](int index, int nodes, int size) {
    return static_cast<float>(index) * static_cast<float>(size - 1) / static_cast<float>(nodes - 1);
  };
  return {{pixel(node % field.columns, field.columns, response.reference_width),
           pixel(node / field.columns, field.rows, response.reference_height)},
          *largest};
}

nlohmann::ordered_json BestToJson(const Best& best) {
  return {{"reference", {Number(best.reference.x), Number(best.reference.y)}},
          {"value", Number(best.value)}};
}

// Returns nested arrays [rows][columns].
nlohmann::ordered_json GridToJson(const std::vector<float>& values, int columns) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % columns == 0) rows.push_back(nlohmann::ordered_json::array());
    rows.back().push_back(Number(values[i]));
  }
  return rows;
}

void PrintJson(const FieldArguments& arguments, const client::FieldResponse& response,
               double seconds, std::ostream& out) {
  const client::FieldSample& field = response.field;
  const nlohmann::ordered_json root = {
      {"point", {Number(arguments.point.x), Number(arguments.point.y)}},
      {"columns", field.columns},
      {"rows", field.rows},
      {"best_score", BestToJson(FindBest(field.scores, response))},
      {"best_cost", BestToJson(FindBest(field.cost, response))},
      {"scores", GridToJson(field.scores, field.columns)},
      {"cost", GridToJson(field.cost, field.columns)},
      {"statistics", StatisticsToJson(response.statistics)},
      {"seconds", seconds}};
  out << root.dump() << "\n";
}

void PrintText(const client::FieldResponse& response, double seconds, std::ostream& out) {
  const client::FieldSample& field = response.field;
  const auto print = [&](const char* name, const Best& best) {
    out << name << " is largest at (" << best.reference.x << ", " << best.reference.y
        << "): " << best.value << "\n";
  };
  out << field.columns << " x " << field.rows << " nodes over " << response.reference_width << " x "
      << response.reference_height << " pixels\n";
  print("The field's score", FindBest(field.scores, response));
  print("The coarse cost", FindBest(field.cost, response));
  PrintStatistics(response.statistics, seconds, out);
}

void WriteFiles(const FieldArguments& arguments, const std::string& query,
                const std::string& reference, const client::FieldSample& field) {
  if (!arguments.npy_path.empty()) {
    std::vector<float> values = field.scores;
    values.insert(values.end(), field.cost.begin(), field.cost.end());
    WriteFile(arguments.npy_path, client::EncodeNpy({2, field.rows, field.columns}, values));
  }
  if (!arguments.png_path.empty()) {
    WritePng(arguments.png_path, client::DrawField(Decode(query, arguments.query_path),
                                                   Decode(reference, arguments.reference_path),
                                                   arguments.point, field, arguments.smooth));
  }
}

ExitCode Field(const FieldArguments& arguments, const Streams& streams) {
  const std::string query = ReadFile(arguments.query_path);
  const std::string reference = ReadFile(arguments.reference_path);
  CheckOutput(arguments.png_path);
  CheckOutput(arguments.npy_path);
  const Stopwatch stopwatch;
  const client::Result<client::FieldResponse> response = arguments.server.Connect().SampleField(
      {client::EncodedImage{query}, client::EncodedImage{reference}, arguments.point,
       arguments.columns, arguments.rows, ParseModel(arguments.model)});
  if (!response.ok()) FailRequest(arguments.server, response.status());
  const double seconds = stopwatch.Seconds();
  WriteFiles(arguments, query, reference, response->field);
  if (arguments.json) {
    PrintJson(arguments, *response, seconds, streams.out);
  } else {
    PrintText(*response, seconds, streams.out);
  }
  return kSuccess;
}

void AddGridTo(CLI::App* app, FieldArguments* arguments) {
  const auto add = [app](const char* name, std::uint32_t* nodes, const char* what) {
    app->add_option(name, *nodes, std::string("Samples along the reference's ") + what)
        ->check(CLI::Validator(CLI::Range(2, 100'000)).description(""))
        ->type_name("N")
        ->capture_default_str();
  };
  add("--columns", &arguments->columns, "width");
  add("--rows", &arguments->rows, "height");
}

}  // namespace

Action AddField(CLI::App* app) {
  const auto arguments = std::make_shared<FieldArguments>();
  AddPairTo(app, &arguments->query_path, &arguments->reference_path);
  app->add_option_function<std::string>(
         "--point",
         [arguments](const std::string& text) {
           const std::optional<client::Point> point = ParsePoint(text);
           if (!point) throw CLI::ValidationError("--point", "'" + text + "' is not a point x,y");
           arguments->point = *point;
         },
         "Point in query pixels")
      ->required()
      ->type_name("X,Y");
  AddGridTo(app, arguments.get());
  app->add_option("--out", arguments->png_path, "Draw the coarse cost and the matching field")
      ->type_name("FILE.png");
  app->add_option(
         "--smooth", arguments->smooth,
         "Standard deviation of the Gaussian that smooths the picture, in samples; 0: none")
      ->check(CLI::Validator(CLI::Range(0.0, 100.0)).description(""))
      ->type_name("SIGMA")
      ->capture_default_str();
  app->add_option("--npy", arguments->npy_path, "Write the values")->type_name("FILE.npy");
  AddModelTo(app, &arguments->model);
  app->add_flag("--json", arguments->json, "Print JSON");
  arguments->server.AddTo(app);
  app->footer(kFooter);
  return [arguments](const Streams& streams) { return Field(*arguments, streams); };
}

}  // namespace nemf::cli
