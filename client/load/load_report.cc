#include "client/load/load_report.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

namespace nemf::load {
namespace {

// Collects the outcomes of one group.
class Gatherer {
 public:
  explicit Gatherer(double deadline) : deadline_(deadline) {}

  void Add(const Outcome& outcome) {
    ++report_.requests;
    const client::Status& status = outcome.answer.status;
    if (status.ok()) return AddAnswer(outcome);
    ++report_.errors[client::CodeName(status.code())];
    if (status.code() != client::Code::kResourceExhausted) return;
    ++report_.refused;
    if (status.retry_pushback()) ++report_.refused_with_pushback;
  }

  GroupReport Finish() && {
    report_.latency = Describe(std::move(latency_));
    report_.decode = Describe(std::move(decode_));
    report_.queue = Describe(std::move(queue_));
    report_.encode = Describe(std::move(encode_));
    report_.match = Describe(std::move(match_));
    report_.rest = Describe(std::move(rest_));
    return std::move(report_);
  }

 private:
  void AddAnswer(const Outcome& outcome) {
    const client::Statistics& cost = outcome.answer.statistics;
    ++report_.answers;
    if (deadline_ == 0 || outcome.latency() <= deadline_) ++report_.good;
    if (cost.cached) ++report_.cached;
    latency_.push_back(outcome.latency());
    decode_.push_back(cost.decode_seconds);
    queue_.push_back(cost.queue_seconds);
    encode_.push_back(cost.encode_seconds);
    match_.push_back(cost.match_seconds);
    rest_.push_back(outcome.latency() - cost.decode_seconds - cost.queue_seconds -
                    cost.encode_seconds - cost.match_seconds);
  }

  const double deadline_;
  GroupReport report_;
  std::vector<double> latency_, decode_, queue_, encode_, match_, rest_;
};

}  // namespace

double Percentile(const std::vector<double>& ascending, double share) {
  assert(!ascending.empty() && share > 0 && share <= 1);
  // 0.999 * 1000 is slightly more than 999 in floating point. Without the slack it would select the
  // 1000th value.
  constexpr double kSlack = 1e-9;
  const auto rank =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(ascending.size()) - kSlack));
  return ascending[std::clamp<std::size_t>(rank, 1, ascending.size()) - 1];
}

Distribution Describe(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.count = values.size(),
          .mean = sum / static_cast<double>(values.size()),
          .p50 = Percentile(values, 0.5),
          .p90 = Percentile(values, 0.9),
          .p99 = Percentile(values, 0.99),
          .p999 = Percentile(values, 0.999),
          .max = values.back()};
}

Phase PhaseOf(const Outcome& outcome, const LoadOptions& options) {
  const double time = options.rate > 0 ? outcome.scheduled : outcome.finished;
  if (time < options.warm_up) return Phase::kWarmUp;
  return time < options.warm_up + options.duration ? Phase::kMeasured : Phase::kAfter;
}

LoadReport Summarize(const std::vector<Outcome>& outcomes, const LoadOptions& options) {
  LoadReport report;
  Gatherer all(options.deadline);
  Gatherer keypoints(options.deadline);
  Gatherer flows(options.deadline);
  for (const Outcome& outcome : outcomes) {
    const Phase phase = PhaseOf(outcome, options);
    if (phase == Phase::kWarmUp) ++report.warm_up;
    if (phase == Phase::kAfter) ++report.after;
    if (phase != Phase::kMeasured) continue;
    ++report.measured;
    all.Add(outcome);
    (outcome.answer.kind == RequestKind::kFlow ? flows : keypoints).Add(outcome);
  }
  report.all = std::move(all).Finish();
  report.keypoints = std::move(keypoints).Finish();
  report.flows = std::move(flows).Finish();
  report.seconds = options.duration;
  report.throughput = static_cast<double>(report.all.answers) / options.duration;
  report.goodput = static_cast<double>(report.all.good) / options.duration;
  return report;
}

}  // namespace nemf::load
