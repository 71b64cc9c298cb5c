#ifndef NEMF_CLIENT_CLI_EVAL_H_
#define NEMF_CLIENT_CLI_EVAL_H_

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/arguments.h"
#include "client/eval/dataset.h"
#include "client/eval/pck_table.h"
#include "client/eval/tss.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {

// A way to match that is scored: what was asked for, or the coarse answer beside it.
struct Variant {
  std::string name;  // "refined" or "coarse"
  client::MatchOptions options;
};

// How to run a data set.
struct RunSettings {
  const MatchArguments& match;
  std::vector<Variant> variants;
  int in_flight = 8;  // requests at a time, >= 1
  std::ostream* err;  // for the progress bar
};

// One answer of the server.
struct KeypointOutcome {
  std::size_t pair = 0;     // index into the data set
  std::size_t variant = 0;  // index into the settings'
  double side = 0;          // L, pixels of the reference
  std::vector<client::KeypointMatch> matches;
  std::vector<double> errors;  // pixels, in the order of the matches
  client::Statistics statistics;
};

struct FlowOutcome {
  std::size_t pair = 0;
  std::size_t variant = 0;
  eval::TssScore score;
  client::Statistics statistics;
};

// What came of a data set. The outcomes are in the order of pairs, then of variants.
template <typename Outcome>
struct RunResult {
  std::vector<Outcome> outcomes;
  std::vector<std::string> problems;  // pairs that were skipped: an image that cannot be read, ...
  std::vector<std::string> failures;  // pairs that the server refused or failed
  double seconds = 0;
};

// Sends all pairs through one stream, `in_flight` at a time. Throws Failure(kRequestError) when
// the stream itself breaks, or no answer comes within the server arguments' timeout.
RunResult<KeypointOutcome> RunKeypoints(const eval::KeypointDataset& dataset,
                                        const RunSettings& settings);

// Computes the flow of all pairs, `in_flight` calls at a time.
RunResult<FlowOutcome> RunFlows(const eval::FlowDataset& dataset, const RunSettings& settings);

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

#endif  // NEMF_CLIENT_CLI_EVAL_H_
