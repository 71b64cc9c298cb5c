#include "client/cli/bench_report.h"

#include <cstdio>

namespace nemf::cli {
namespace {

using load::Distribution;
using load::GroupReport;
using nlohmann::ordered_json;

template <typename... Args>
std::string Format(const char* format, Args... args) {
  char text[256];
  std::snprintf(text, sizeof(text), format, args...);
  return text;
}

double Milliseconds(double seconds) { return seconds * 1000; }

ordered_json DistributionToJson(const Distribution& seconds) {
  return {{"count", seconds.count},           {"mean", Milliseconds(seconds.mean)},
          {"p50", Milliseconds(seconds.p50)}, {"p90", Milliseconds(seconds.p90)},
          {"p99", Milliseconds(seconds.p99)}, {"p99.9", Milliseconds(seconds.p999)},
          {"max", Milliseconds(seconds.max)}};
}

ordered_json GroupToJson(const GroupReport& group) {
  return {{"requests", group.requests},
          {"answers", group.answers},
          {"within_deadline", group.good},
          {"refused", group.refused},
          {"refused_with_pushback", group.refused_with_pushback},
          {"cached", group.cached},
          {"errors", group.errors},
          {"latency_ms", DistributionToJson(group.latency)},
          {"server_ms",
           {{"decode", DistributionToJson(group.decode)},
            {"queue", DistributionToJson(group.queue)},
            {"encode", DistributionToJson(group.encode)},
            {"match", DistributionToJson(group.match)}}},
          {"rest_ms", DistributionToJson(group.rest)}};
}

void PrintRow(const char* name, const Distribution& seconds, std::ostream& out) {
  out << Format("  %-9s %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f\n", name, Milliseconds(seconds.mean),
                Milliseconds(seconds.p50), Milliseconds(seconds.p90), Milliseconds(seconds.p99),
                Milliseconds(seconds.p999), Milliseconds(seconds.max));
}

void PrintGroup(const char* name, const GroupReport& group, std::ostream& out) {
  if (group.requests == 0) return;
  out << Format("\n%s: %zu requests, %zu answers, %zu within the deadline", name, group.requests,
                group.answers, group.good);
  if (group.cached > 0) out << Format(", %zu of cached pairs", group.cached);
  for (const auto& [code, count] : group.errors) out << Format(", %zu %s", count, code.c_str());
  if (group.refused > 0) out << Format(" (%zu with push-back)", group.refused_with_pushback);
  out << "\n";
  if (group.answers == 0) return;
  out << "  ms             mean       p50       p90       p99     p99.9       max\n";
  PrintRow("latency", group.latency, out);
  PrintRow("decode", group.decode, out);
  PrintRow("queue", group.queue, out);
  PrintRow("encode", group.encode, out);
  PrintRow("match", group.match, out);
  PrintRow("rest", group.rest, out);
}

std::string LoopOf(const load::LoadOptions& load) {
  if (load.rate > 0) {
    return Format("open loop, Poisson arrivals at %g/s, at most %d in flight", load.rate,
                  load.workers);
  }
  return Format("closed loop, %d in flight", load.workers);
}

const char* PhaseName(load::Phase phase) {
  switch (phase) {
    case load::Phase::kWarmUp:
      return "warm-up";
    case load::Phase::kMeasured:
      return "measured";
    case load::Phase::kAfter:
      return "after";
  }
  return "";
}

}  // namespace

std::string ModelOf(const std::vector<load::Outcome>& outcomes) {
  for (const load::Outcome& outcome : outcomes) {
    if (!outcome.answer.status.ok()) continue;
    const client::Statistics& statistics = outcome.answer.statistics;
    return statistics.model_name + "/" + statistics.model_version + " on " + statistics.device;
  }
  return "";
}

ordered_json BenchToJson(const BenchRun& run, const load::LoadReport& report) {
  return {{"server", run.server},
          {"model", run.model},
          {"pictures", run.pictures},
          {"loop", run.load.rate > 0 ? "open" : "closed"},
          {"rate", run.load.rate},
          {"in_flight", run.load.workers},
          {"flow_share", run.traffic.flow_share},
          {"keypoints", run.traffic.keypoints},
          {"seed", run.traffic.seed},
          {"deadline_ms", Milliseconds(run.load.deadline)},
          {"warm_up_seconds", run.load.warm_up},
          {"seconds", report.seconds},
          {"requests",
           {{"started", run.outcomes.size()},
            {"warm_up", report.warm_up},
            {"measured", report.measured},
            {"after", report.after}}},
          {"throughput", report.throughput},
          {"goodput", report.goodput},
          {"all", GroupToJson(report.all)},
          {"keypoint_requests", GroupToJson(report.keypoints)},
          {"flow_requests", GroupToJson(report.flows)}};
}

void PrintBench(const BenchRun& run, const load::LoadReport& report, std::ostream& out) {
  out << run.server << (run.model.empty() ? "" : ", " + run.model) << "\n"
      << LoopOf(run.load)
      << Format("; seed %llu\n", static_cast<unsigned long long>(run.traffic.seed)) << run.pictures
      << Format("; %d keypoints", run.traffic.keypoints);
  if (run.traffic.flow_share > 0) out << Format("; %g %% flows", 100 * run.traffic.flow_share);
  if (run.load.deadline > 0) out << Format("; deadline %g ms", Milliseconds(run.load.deadline));
  out << Format("\n%zu requests in %g s (and %zu to warm up, %zu that ended later)\n",
                report.measured, report.seconds, report.warm_up, report.after)
      << Format("throughput %.2f/s, goodput %.2f/s\n", report.throughput, report.goodput);
  PrintGroup("keypoints", report.keypoints, out);
  PrintGroup("flows", report.flows, out);
}

std::string BenchToCsv(const BenchRun& run) {
  std::string csv =
      "index,kind,phase,code,scheduled,started,finished,decode,queue,encode,match,cached\n";
  for (const load::Outcome& outcome : run.outcomes) {
    const client::Statistics& cost = outcome.answer.statistics;
    csv += Format("%llu,%s,%s,%s,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%d\n",
                  static_cast<unsigned long long>(outcome.index),
                  outcome.answer.kind == load::RequestKind::kFlow ? "flow" : "keypoints",
                  PhaseName(load::PhaseOf(outcome, run.load)),
                  client::CodeName(outcome.answer.status.code()), outcome.scheduled,
                  outcome.started, outcome.finished, cost.decode_seconds, cost.queue_seconds,
                  cost.encode_seconds, cost.match_seconds, cost.cached ? 1 : 0);
  }
  return csv;
}

}  // namespace nemf::cli
