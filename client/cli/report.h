#ifndef NEMF_CLIENT_CLI_REPORT_H_
#define NEMF_CLIENT_CLI_REPORT_H_

#include <ostream>
#include <vector>

#include "nemf/types.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {

// The answers as people and as programs read them.

// How the matches compare to the truth.
struct Evaluation {
  double alpha = 0;
  double pck = 0;              // share of correct matches, in [0, 1]
  double mean_error = 0;       // pixels
  std::vector<double> errors;  // pixels, in the order of the matches
};

// A float as JSON with its shortest decimal form: 0.1 and not 0.10000000149011612.
nlohmann::ordered_json Number(float value);

nlohmann::ordered_json StatisticsToJson(const client::Statistics& statistics);
// One line; `seconds` as below.
void PrintStatistics(const client::Statistics& statistics, double seconds, std::ostream& out);

// `evaluation` may be null; `seconds` is the time from the request to the answer.
nlohmann::ordered_json TransferToJson(const client::KeypointResponse& response,
                                      const Evaluation* evaluation, double seconds);
void PrintTransfer(const client::KeypointResponse& response, const Evaluation* evaluation,
                   double seconds, std::ostream& out);

// The share of the distances, in [0, 1], that are at most `bound`; 0 of none.
double ShareWithin(const std::vector<float>& distances, float bound);

// Of a field with consistency also the shares of the pixels within 1 and 3 of it.
nlohmann::ordered_json FlowToJson(const client::FlowResponse& response, double seconds);
void PrintFlow(const client::FlowResponse& response, double seconds, std::ostream& out);

// The mean of the field's finite displacements, pixels; zero where there is none.
client::Displacement MeanFlow(const client::FlowField& field);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_REPORT_H_
