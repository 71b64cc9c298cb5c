#ifndef NEMF_CLIENT_CLI_REPORT_H_
#define NEMF_CLIENT_CLI_REPORT_H_

#include <ostream>
#include <vector>

#include "nemf/types.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {

// Answers as text and as JSON.

// Comparison of matches with the true points.
struct Evaluation {
  double alpha = 0;
  double pck = 0;              // fraction of correct matches, in [0, 1]
  double mean_error = 0;       // pixels
  std::vector<double> errors;  // pixels, in the order of the matches
};

// Returns a float as JSON in its shortest decimal form: 0.1, not 0.10000000149011612.
nlohmann::ordered_json Number(float value);

nlohmann::ordered_json StatisticsToJson(const client::Statistics& statistics);
// Prints one line. `seconds` is the time from the request to the answer, here and below.
void PrintStatistics(const client::Statistics& statistics, double seconds, std::ostream& out);

// `evaluation` may be null.
nlohmann::ordered_json TransferToJson(const client::KeypointResponse& response,
                                      const Evaluation* evaluation, double seconds);
void PrintTransfer(const client::KeypointResponse& response, const Evaluation* evaluation,
                   double seconds, std::ostream& out);

// Returns the fraction of the distances that are at most `bound`; 0 if there are none.
double ShareWithin(const std::vector<float>& distances, float bound);

// With consistency, these also report the fractions of pixels within 1 and 3 pixels.
nlohmann::ordered_json FlowToJson(const client::FlowResponse& response, double seconds);
void PrintFlow(const client::FlowResponse& response, double seconds, std::ostream& out);

// Returns the mean of the field's finite displacements in pixels; zero if there are none.
client::Displacement MeanFlow(const client::FlowField& field);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_REPORT_H_
