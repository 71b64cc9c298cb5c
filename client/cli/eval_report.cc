#include <cstdio>
#include <numeric>

#include "client/cli/eval.h"
#include "client/eval/csv_reader.h"

namespace nemf::cli {
namespace {

using eval::kAlphas;
using eval::PckRow;
using eval::PckScore;
using nlohmann::ordered_json;

constexpr char kDirection[] = "target -> source: the query is the target, the reference the source";

template <typename... Args>
std::string Format(const char* format, Args... args) {
  char text[256];
  std::snprintf(text, sizeof(text), format, args...);
  return text;
}

ordered_json RowToJson(const PckRow& row) {
  ordered_json json = ordered_json::object();
  for (std::size_t i = 0; i < row.size(); ++i) json[Format("%g", kAlphas[i])] = row[i];
  return json;
}

ordered_json ScoreToJson(const PckScore& score) {
  return {{"pairs", score.pairs()},
          {"keypoints", score.keypoints()},
          {"per_image", RowToJson(score.PerImage())},
          {"per_keypoint", RowToJson(score.PerKeypoint())}};
}

ordered_json SummaryToJson(const EvalSummary& summary) {
  return {{"dataset", summary.dataset},
          {"split", summary.split},
          {"direction", kDirection},
          {"rule", summary.rule},
          {"model", summary.model},
          {"seconds", summary.seconds},
          {"skipped", summary.problems.size()},
          {"failed", summary.failures.size()},
          {"problems", summary.problems},
          {"failures", summary.failures}};
}

void PrintList(const char* what, const std::vector<std::string>& items, std::ostream& out) {
  constexpr std::size_t kMost = 20;
  if (items.empty()) return;
  out << items.size() << " pairs " << what << ":\n";
  for (std::size_t i = 0; i < items.size() && i < kMost; ++i) out << "  " << items[i] << "\n";
  if (items.size() > kMost) out << "  ... and " << items.size() - kMost << " more (see --json)\n";
}

void PrintSummary(const EvalSummary& summary, std::ostream& out) {
  out << summary.dataset << (summary.split.empty() ? "" : " " + summary.split) << ", "
      << (summary.model.empty() ? "no answers" : summary.model)
      << Format(", %.1f s\n", summary.seconds) << kDirection << "\n"
      << summary.rule << "\n\n";
}

void PrintRow(const std::string& name, int pairs, const PckRow& row, std::ostream& out) {
  out << Format("%-20s %6d", name.c_str(), pairs);
  for (const double share : row) out << Format("  %6.1f", 100 * share);
  out << "\n";
}

void PrintVariant(const VariantPck& score, Averaging averaging, std::ostream& out) {
  const auto row = averaging == Averaging::kImage ? &PckScore::PerImage : &PckScore::PerKeypoint;
  out << Format("%-20s %6s", score.name.c_str(), "pairs");
  for (const double alpha : kAlphas) out << Format("  %6s", Format("@%g", alpha).c_str());
  out << "\n";
  for (const auto& [category, of_class] : score.table.classes) {
    PrintRow(category, of_class.pairs(), (of_class.*row)(), out);
  }
  PrintRow("mean of classes", score.table.all.pairs(), score.table.ClassMean(row), out);
  PrintRow("all", score.table.all.pairs(), (score.table.all.*row)(), out);
  out << "\n";
}

}  // namespace

ordered_json PckToJson(const EvalSummary& summary, const std::vector<VariantPck>& scores) {
  ordered_json root = SummaryToJson(summary);
  for (const VariantPck& score : scores) {
    ordered_json& variant = root["results"][score.name];
    variant = ScoreToJson(score.table.all);
    variant["class_mean_per_image"] = RowToJson(score.table.ClassMean(&PckScore::PerImage));
    variant["class_mean_per_keypoint"] = RowToJson(score.table.ClassMean(&PckScore::PerKeypoint));
    for (const auto& [category, of_class] : score.table.classes) {
      variant["classes"][category] = ScoreToJson(of_class);
    }
  }
  return root;
}

void PrintPck(const EvalSummary& summary, const std::vector<VariantPck>& scores,
              Averaging averaging, std::ostream& out) {
  PrintSummary(summary, out);
  out << "PCK in percent, averaged "
      << (averaging == Averaging::kImage ? "per image\n" : "per keypoint\n");
  for (const VariantPck& score : scores) PrintVariant(score, averaging, out);
  PrintList("skipped", summary.problems, out);
  PrintList("failed", summary.failures, out);
}

ordered_json FlowScoresToJson(const EvalSummary& summary, const std::vector<VariantFlow>& scores) {
  ordered_json root = SummaryToJson(summary);
  for (const VariantFlow& score : scores) {
    for (const auto& [group, mean] : score.groups) {
      root["results"][score.name][group] = {
          {"flows", mean.flows}, {"within_5_px", mean.share}, {"mean_error_px", mean.error}};
    }
  }
  return root;
}

void PrintFlowScores(const EvalSummary& summary, const std::vector<VariantFlow>& scores,
                     std::ostream& out) {
  PrintSummary(summary, out);
  for (const VariantFlow& score : scores) {
    out << Format("%-20s %6s  %10s  %13s\n", score.name.c_str(), "flows", "within 5 px",
                  "mean error px");
    for (const auto& [group, mean] : score.groups) {
      out << Format("%-20s %6d  %9.1f %%  %13.2f\n", group.c_str(), mean.flows, 100 * mean.share,
                    mean.error);
    }
    out << "\n";
  }
  PrintList("skipped", summary.problems, out);
  PrintList("failed", summary.failures, out);
}

std::string PckToCsv(const eval::KeypointDataset& dataset, const RunSettings& settings,
                     const std::vector<KeypointOutcome>& outcomes) {
  std::string csv = "pair,category,answer,keypoints,box_side_px,mean_error_px";
  for (const double alpha : kAlphas) csv += Format(",pck@%g", alpha);
  csv += "\n";
  for (const KeypointOutcome& outcome : outcomes) {
    const eval::KeypointPair& pair = dataset.pairs[outcome.pair];
    const std::size_t count = outcome.errors.size();
    const double sum = std::accumulate(outcome.errors.begin(), outcome.errors.end(), 0.0);
    csv += eval::CsvField(pair.name) + "," + eval::CsvField(pair.category) + "," +
           settings.variants[outcome.variant].name +
           Format(",%zu,%g,%.3f", count, outcome.side, sum / static_cast<double>(count));
    for (const double share : eval::PckOf(outcome.errors, outcome.side)) {
      csv += Format(",%.4f", share);
    }
    csv += "\n";
  }
  return csv;
}

std::string FlowScoresToCsv(const eval::FlowDataset& dataset, const RunSettings& settings,
                            const std::vector<FlowOutcome>& outcomes) {
  std::string csv = "pair,category,answer,foreground_px,within_5_px,mean_error_px\n";
  for (const FlowOutcome& outcome : outcomes) {
    const eval::FlowPair& pair = dataset.pairs[outcome.pair];
    csv +=
        eval::CsvField(pair.name) + "," + eval::CsvField(pair.category) + "," +
        settings.variants[outcome.variant].name +
        Format(",%d,%.4f,%.3f\n", outcome.score.pixels, outcome.score.Share(), outcome.score.error);
  }
  return csv;
}

}  // namespace nemf::cli
