#include "client/cli/report.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>

namespace nemf::cli {
namespace {

using nlohmann::ordered_json;

template <typename... Args>
std::string Format(const char* format, Args... args) {
  char text[256];
  std::snprintf(text, sizeof(text), format, args...);
  return text;
}

ordered_json PointToJson(const client::Point& point) {
  return ordered_json::array({Number(point.x), Number(point.y)});
}

ordered_json MatchToJson(const client::KeypointMatch& match) {
  return {{"query", PointToJson(match.query)},
          {"reference", PointToJson(match.reference)},
          {"score", Number(match.score)},
          {"confidence", Number(match.confidence)},
          {"in_bounds", match.in_bounds}};
}

std::string ModelName(const client::Statistics& statistics) {
  return statistics.model_name + "/" + statistics.model_version;
}

}  // namespace

ordered_json Number(float value) {
  if (!std::isfinite(value)) return nullptr;
  char text[32];
  const std::to_chars_result end = std::to_chars(text, text + sizeof(text), value);
  double shortest = 0;
  std::from_chars(text, end.ptr, shortest);
  return shortest;
}

ordered_json StatisticsToJson(const client::Statistics& statistics) {
  return {{"model", ModelName(statistics)},
          {"device", statistics.device},
          {"decode_seconds", statistics.decode_seconds},
          {"queue_seconds", statistics.queue_seconds},
          {"encode_seconds", statistics.encode_seconds},
          {"match_seconds", statistics.match_seconds},
          {"field_queries", statistics.field_queries},
          {"encoder_batch_pairs", statistics.encoder_batch_pairs}};
}

void PrintStatistics(const client::Statistics& s, double seconds, std::ostream& out) {
  out << ModelName(s) << " on " << s.device
      << Format(": decode %.3f s, queue %.3f s, encode %.3f s, match %.3f s; %.3f s in all\n",
                s.decode_seconds, s.queue_seconds, s.encode_seconds, s.match_seconds, seconds);
}

ordered_json TransferToJson(const client::KeypointResponse& response, const Evaluation* evaluation,
                            double seconds) {
  ordered_json points = ordered_json::array();
  for (const client::KeypointMatch& match : response.matches) points.push_back(MatchToJson(match));
  ordered_json root = {{"points", points},
                       {"statistics", StatisticsToJson(response.statistics)},
                       {"seconds", seconds}};
  if (evaluation != nullptr) {
    root["evaluation"] = {{"alpha", evaluation->alpha},
                          {"pck", evaluation->pck},
                          {"mean_error", evaluation->mean_error},
                          {"errors", evaluation->errors}};
  }
  return root;
}

void PrintTransfer(const client::KeypointResponse& response, const Evaluation* evaluation,
                   double seconds, std::ostream& out) {
  out << "   query x    query y   reference x  reference y  confidence"
      << (evaluation != nullptr ? "  error px" : "") << "\n";
  for (std::size_t i = 0; i < response.matches.size(); ++i) {
    const client::KeypointMatch& m = response.matches[i];
    out << Format("%10.2f %10.2f  %12.2f %12.2f  %10.3f", m.query.x, m.query.y, m.reference.x,
                  m.reference.y, m.confidence);
    if (evaluation != nullptr) out << Format("  %8.2f", evaluation->errors[i]);
    out << (m.in_bounds ? "\n" : "  outside the reference\n");
  }
  if (evaluation != nullptr) {
    out << Format("PCK@%g %.1f %%, mean error %.2f px\n", evaluation->alpha, 100 * evaluation->pck,
                  evaluation->mean_error);
  }
  PrintStatistics(response.statistics, seconds, out);
}

client::Displacement MeanFlow(const client::FlowField& field) {
  double dx = 0;
  double dy = 0;
  double count = 0;
  for (const client::Displacement& d : field.flow) {
    if (!std::isfinite(d.dx) || !std::isfinite(d.dy)) continue;
    dx += d.dx;
    dy += d.dy;
    ++count;
  }
  if (count == 0) return {};
  return {static_cast<float>(dx / count), static_cast<float>(dy / count)};
}

double ShareWithin(const std::vector<float>& distances, float bound) {
  if (distances.empty()) return 0;
  const auto within = std::count_if(distances.begin(), distances.end(),
                                    [bound](float distance) { return distance <= bound; });
  return static_cast<double>(within) / static_cast<double>(distances.size());
}

ordered_json FlowToJson(const client::FlowResponse& response, double seconds) {
  const client::Displacement mean = MeanFlow(response.field);
  ordered_json root = {{"width", response.field.width},
                       {"height", response.field.height},
                       {"statistics", StatisticsToJson(response.statistics)},
                       {"seconds", seconds},
                       {"mean_flow", ordered_json::array({Number(mean.dx), Number(mean.dy)})}};
  const std::vector<float>& consistency = response.field.consistency;
  if (!consistency.empty()) {
    root["consistency"] = {{"within_1_px", ShareWithin(consistency, 1)},
                           {"within_3_px", ShareWithin(consistency, 3)},
                           {"forward_match_seconds", response.forward_match_seconds},
                           {"backward_match_seconds", response.backward_match_seconds}};
  }
  return root;
}

void PrintFlow(const client::FlowResponse& response, double seconds, std::ostream& out) {
  const client::Displacement mean = MeanFlow(response.field);
  out << Format("%d x %d pixels, mean flow (%.2f, %.2f) px\n", response.field.width,
                response.field.height, mean.dx, mean.dy);
  const std::vector<float>& consistency = response.field.consistency;
  if (!consistency.empty()) {
    out << Format("there and back again within 1 px: %.1f %% of the pixels, within 3 px: %.1f %%\n",
                  100 * ShareWithin(consistency, 1), 100 * ShareWithin(consistency, 3));
  }
  PrintStatistics(response.statistics, seconds, out);
}

}  // namespace nemf::cli
