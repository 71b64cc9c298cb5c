#ifndef NEMF_CLIENT_CLI_EVAL_REPORT_H_
#define NEMF_CLIENT_CLI_EVAL_REPORT_H_

#include <ostream>
#include <string>
#include <vector>

#include "client/cli/eval_run.h"
#include "client/eval/pck_table.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {

enum class Averaging { kImage, kKeypoint };

// What a report says of a run, whatever was scored.
struct EvalSummary {
  std::string dataset;                // "pf-willow"
  std::string split;                  // empty where the data set has none
  std::string rule;                   // how answers are scored: the box, or TSS's own rule
  std::vector<std::string> problems;  // of the reader and of the run
  std::vector<std::string> failures;
  std::string model;   // "small/1 on cpu"; empty where nothing was answered
  double seconds = 0;  // of the whole run
};

// Scores of one variant of a keypoint data set.
struct VariantPck {
  std::string name;
  eval::PckTable table;
};

// Scores of one variant of a flow data set: [group, or "all"] -> sum of shares and of errors.
struct VariantFlow {
  struct Mean {
    int flows = 0;
    double share = 0;  // mean of the flows' shares
    double error = 0;  // mean of the flows' mean errors, pixels of the scaled image
  };
  std::string name;
  std::vector<std::pair<std::string, Mean>> groups;  // "all" last
};

nlohmann::ordered_json PckToJson(const EvalSummary& summary, const std::vector<VariantPck>& scores);
void PrintPck(const EvalSummary& summary, const std::vector<VariantPck>& scores,
              Averaging averaging, std::ostream& out);

nlohmann::ordered_json FlowScoresToJson(const EvalSummary& summary,
                                        const std::vector<VariantFlow>& scores);
void PrintFlowScores(const EvalSummary& summary, const std::vector<VariantFlow>& scores,
                     std::ostream& out);

// A row a pair and variant, with a header.
std::string PckToCsv(const eval::KeypointDataset& dataset, const RunSettings& settings,
                     const std::vector<KeypointOutcome>& outcomes);
std::string FlowScoresToCsv(const eval::FlowDataset& dataset, const RunSettings& settings,
                            const std::vector<FlowOutcome>& outcomes);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_EVAL_REPORT_H_
