#include "client/cli/eval.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/render/keypoint_picture.h"

namespace nemf::cli {
namespace {

constexpr char kFooter[] =
    "Keypoints of the target are transferred to the source and count as right within alpha * L of\n"
    "the truth; L is the longer side of the annotated box (spair), of the image (pf-pascal) or of\n"
    "the extent of the keypoints (pf-willow), in the source. tss scores dense flow: the share of\n"
    "foreground pixels within 5 pixels once the longer side is scaled to 100.\n"
    "\n"
    "Examples:\n"
    "  nemf eval --dataset pf-willow --root data/PF-WILLOW --compare coarse\n"
    "  nemf eval --dataset spair --root SPair-71k --split val --preset fast --csv pairs.csv\n"
    "  nemf eval --dataset tss --root data/TSS --json\n"
    "\n"
    "Exit codes: 0 success; 1 the server refused, failed or was not reached; 2 wrong usage;\n"
    "3 a file cannot be read, understood or written, or no pair can be scored.";

struct EvalArguments {
  MatchArguments match;
  std::string dataset;
  std::string root;
  std::string split = "test";
  int in_flight = 8;
  std::size_t limit = 0;  // pairs; 0: all
  std::string compare;
  std::string average = "image";
  std::string csv_path;
  std::size_t worst = 0;  // pictures
  std::string worst_dir;
};

RunSettings Settings(const EvalArguments& arguments, const Streams& streams) {
  const client::MatchOptions& asked = arguments.match.options;
  const bool is_coarse = asked.refinement == client::Refinement::kCoarse;
  RunSettings settings{.match = arguments.match,
                       .variants = {{is_coarse ? "coarse" : "refined", asked}},
                       .in_flight = arguments.in_flight,
                       .err = &streams.err};
  if (!arguments.compare.empty() && !is_coarse) {
    client::MatchOptions coarse = asked;
    coarse.refinement = client::Refinement::kCoarse;
    settings.variants.push_back({"coarse", coarse});
  }
  return settings;
}

// The data set, cut to --limit pairs.
template <typename Dataset>
Dataset Limited(Dataset dataset, std::size_t limit) {
  if (limit > 0 && limit < dataset.pairs.size()) dataset.pairs.resize(limit);
  return dataset;
}

eval::KeypointDataset ReadKeypointSet(const EvalArguments& arguments) {
  if (arguments.dataset == "spair") return eval::ReadSpair(arguments.root, arguments.split);
  if (arguments.dataset == "pf-pascal") return eval::ReadPfPascal(arguments.root, arguments.split);
  return eval::ReadPfWillow(arguments.root);
}

template <typename Dataset, typename Outcome>
EvalSummary Summarize(const EvalArguments& arguments, const Dataset& dataset,
                      const RunResult<Outcome>& result) {
  EvalSummary summary;
  summary.dataset = arguments.dataset;
  summary.problems = dataset.problems;
  summary.problems.insert(summary.problems.end(), result.problems.begin(), result.problems.end());
  summary.failures = result.failures;
  summary.seconds = result.seconds;
  if (!result.outcomes.empty()) {
    const client::Statistics& statistics = result.outcomes.front().statistics;
    summary.model =
        statistics.model_name + "/" + statistics.model_version + " on " + statistics.device;
  }
  return summary;
}

// The pairs of the first variant with the lowest PCK at 0.1, drawn as 01.png, 02.png, ...
void DrawWorst(const EvalArguments& arguments, const eval::KeypointDataset& dataset,
               const std::vector<KeypointOutcome>& outcomes) {
  constexpr double kAlpha = 0.1;  // of the image, as in the paper's figure
  std::vector<std::tuple<double, double, const KeypointOutcome*>> order;
  for (const KeypointOutcome& outcome : outcomes) {
    if (outcome.variant != 0) continue;
    double sum = 0;
    for (const double error : outcome.errors) sum += error;
    order.emplace_back(eval::PckOf(outcome.errors, outcome.side)[4], -sum / outcome.side, &outcome);
  }
  std::sort(order.begin(), order.end());
  std::filesystem::create_directories(arguments.worst_dir);
  for (std::size_t i = 0; i < std::min(arguments.worst, order.size()); ++i) {
    const KeypointOutcome& outcome = *std::get<2>(order[i]);
    const eval::KeypointPair& pair = dataset.pairs[outcome.pair];
    const cv::Mat query = Decode(ReadFile(pair.query_path), pair.query_path);
    const cv::Mat reference = Decode(ReadFile(pair.reference_path), pair.reference_path);
    const std::string number = std::to_string(i + 1);
    const std::string name = (number.size() < 2 ? "0" : "") + number + ".png";
    WritePng((std::filesystem::path(arguments.worst_dir) / name).string(),
             client::DrawKeypoints(query, reference, outcome.matches, pair.truth, kAlpha));
  }
}

// The exit code of a report that was printed.
ExitCode Conclude(const EvalSummary& summary) {
  if (!summary.failures.empty()) return kRequestError;
  return summary.model.empty() ? kFileError : kSuccess;
}

ExitCode EvalKeypoints(const EvalArguments& arguments, const Streams& streams) {
  const eval::KeypointDataset dataset = Limited(ReadKeypointSet(arguments), arguments.limit);
  const RunSettings settings = Settings(arguments, streams);
  const RunResult<KeypointOutcome> result = RunKeypoints(dataset, settings);

  EvalSummary summary = Summarize(arguments, dataset, result);
  if (arguments.dataset != "pf-willow") summary.split = arguments.split;
  summary.rule = "L = " + dataset.box;
  std::vector<VariantPck> scores;
  for (const Variant& variant : settings.variants) scores.push_back({variant.name, {}});
  for (const KeypointOutcome& outcome : result.outcomes) {
    scores[outcome.variant].table.Add(dataset.pairs[outcome.pair].category, outcome.errors,
                                      outcome.side);
  }
  if (!arguments.csv_path.empty()) {
    WriteFile(arguments.csv_path, PckToCsv(dataset, settings, result.outcomes));
  }
  if (arguments.worst > 0) DrawWorst(arguments, dataset, result.outcomes);
  if (arguments.match.json) {
    streams.out << PckToJson(summary, scores).dump(2) << "\n";
  } else {
    const bool image = arguments.average == "image";
    PrintPck(summary, scores, image ? Averaging::kImage : Averaging::kKeypoint, streams.out);
  }
  return Conclude(summary);
}

VariantFlow ScoreVariant(const std::string& name, std::size_t variant,
                         const eval::FlowDataset& dataset,
                         const std::vector<FlowOutcome>& outcomes) {
  std::map<std::string, VariantFlow::Mean> sums;
  VariantFlow::Mean all;
  for (const FlowOutcome& outcome : outcomes) {
    if (outcome.variant != variant) continue;
    for (VariantFlow::Mean* sum : {&sums[dataset.pairs[outcome.pair].category], &all}) {
      ++sum->flows;
      sum->share += outcome.score.Share();
      sum->error += outcome.score.error;
    }
  }
  VariantFlow score{name, {sums.begin(), sums.end()}};
  score.groups.emplace_back("all", all);
  for (auto& [group, mean] : score.groups) {
    if (mean.flows == 0) continue;
    mean.share /= mean.flows;
    mean.error /= mean.flows;
  }
  return score;
}

ExitCode EvalFlows(const EvalArguments& arguments, const Streams& streams) {
  const eval::FlowDataset dataset = Limited(eval::ReadTss(arguments.root), arguments.limit);
  const RunSettings settings = Settings(arguments, streams);
  const RunResult<FlowOutcome> result = RunFlows(dataset, settings);

  EvalSummary summary = Summarize(arguments, dataset, result);
  summary.rule =
      "share of foreground pixels within 5 px with the query's longer side scaled to 100, averaged "
      "over the flows, both directions of each pair";
  std::vector<VariantFlow> scores;
  for (std::size_t i = 0; i < settings.variants.size(); ++i) {
    scores.push_back(ScoreVariant(settings.variants[i].name, i, dataset, result.outcomes));
  }
  if (!arguments.csv_path.empty()) {
    WriteFile(arguments.csv_path, FlowScoresToCsv(dataset, settings, result.outcomes));
  }
  if (arguments.match.json) {
    streams.out << FlowScoresToJson(summary, scores).dump(2) << "\n";
  } else {
    PrintFlowScores(summary, scores, streams.out);
  }
  return Conclude(summary);
}

ExitCode Eval(const EvalArguments& arguments, const Streams& streams) {
  CheckOutput(arguments.csv_path);
  if ((arguments.worst > 0) != !arguments.worst_dir.empty()) {
    throw Failure(kUsageError, "--worst and --worst-dir go together");
  }
  if (arguments.worst > 0 && arguments.dataset == "tss") {
    throw Failure(kUsageError, "--worst draws keypoints, which tss does not have");
  }
  try {
    return arguments.dataset == "tss" ? EvalFlows(arguments, streams)
                                      : EvalKeypoints(arguments, streams);
  } catch (const eval::DatasetError& error) {
    throw Failure(kFileError, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    throw Failure(kFileError, error.what());
  }
}

void AddEvalOptions(CLI::App* app, EvalArguments* arguments) {
  app->add_option("--dataset", arguments->dataset, "The layout of the data set")
      ->required()
      ->check(CLI::IsMember({"spair", "pf-pascal", "pf-willow", "tss"}));
  app->add_option("--root", arguments->root, "The data set's folder")->required()->type_name("DIR");
  app->add_option("--split", arguments->split, "trn, val or test, where the data set has them")
      ->check(CLI::IsMember({"trn", "val", "test"}))
      ->capture_default_str();
  app->add_option("--in-flight", arguments->in_flight, "Pairs that the server has at a time")
      ->check(CLI::Validator(CLI::Range(1, 256)).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--limit", arguments->limit, "Score only the first N pairs")->type_name("N");
  app->add_option("--compare", arguments->compare, "Score the coarse answer beside the refined one")
      ->check(CLI::IsMember({"coarse"}));
  app->add_option("--average", arguments->average, "How the table's PCK is averaged")
      ->check(CLI::IsMember({"image", "keypoint"}))
      ->capture_default_str();
  app->add_option("--csv", arguments->csv_path, "Write a row for each pair")->type_name("FILE.csv");
  app->add_option("--worst", arguments->worst, "Draw the N pairs with the lowest PCK@0.1")
      ->type_name("N");
  app->add_option("--worst-dir", arguments->worst_dir, "Where to draw them")->type_name("DIR");
}

}  // namespace

Action AddEval(CLI::App* app) {
  const auto arguments = std::make_shared<EvalArguments>();
  AddEvalOptions(app, arguments.get());
  arguments->match.AddOptionsTo(app);
  app->footer(kFooter);
  return [arguments](const Streams& streams) { return Eval(*arguments, streams); };
}

}  // namespace nemf::cli
