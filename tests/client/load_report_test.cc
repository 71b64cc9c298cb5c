#include "client/load/load_report.h"

#include <gtest/gtest.h>

#include <chrono>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "client/render/latency_picture.h"

namespace nemf::load {
namespace {

using std::chrono::milliseconds;

TEST(DistributionTest, TakesTheNearestRank) {
  std::vector<double> values;
  for (int i = 1000; i >= 1; --i) values.push_back(i);
  const Distribution described = Describe(values);
  EXPECT_EQ(described.count, 1000u);
  EXPECT_DOUBLE_EQ(described.mean, 500.5);
  EXPECT_EQ(described.p50, 500);
  EXPECT_EQ(described.p90, 900);
  EXPECT_EQ(described.p99, 990);
  EXPECT_EQ(described.p999, 999);
  EXPECT_EQ(described.max, 1000);
}

TEST(DistributionTest, OfFewValues) {
  EXPECT_EQ(Describe({}).count, 0u);
  EXPECT_EQ(Describe({}).p99, 0);
  EXPECT_EQ(Describe({7}).p50, 7);
  EXPECT_EQ(Describe({7}).p999, 7);
  EXPECT_EQ(Describe({3, 1, 2}).p50, 2);
  EXPECT_EQ(Describe({3, 1, 2}).p90, 3);
  EXPECT_EQ(Percentile({1, 2, 3, 4}, 0.25), 1);
  EXPECT_EQ(Percentile({1, 2, 3, 4}, 1), 4);
}

Outcome MakeOutcome(double scheduled, double finished, RequestKind kind = RequestKind::kKeypoints) {
  Outcome outcome;
  outcome.scheduled = scheduled;
  outcome.started = scheduled;
  outcome.finished = finished;
  outcome.answer.kind = kind;
  return outcome;
}

Outcome Refused(double scheduled, std::optional<milliseconds> pushback) {
  Outcome outcome = MakeOutcome(scheduled, scheduled);
  outcome.answer.status = client::Status(client::Code::kResourceExhausted, "full", pushback);
  return outcome;
}

TEST(LoadReportTest, OpenLoopCountsByArrival) {
  const LoadOptions options = {.rate = 1, .warm_up = 1, .duration = 10};
  EXPECT_EQ(PhaseOf(MakeOutcome(0.9, 5), options), Phase::kWarmUp);
  EXPECT_EQ(PhaseOf(MakeOutcome(1, 1.1), options), Phase::kMeasured);
  EXPECT_EQ(PhaseOf(MakeOutcome(10.9, 50), options), Phase::kMeasured);
}

TEST(LoadReportTest, ClosedLoopCountsByEnd) {
  const LoadOptions options = {.warm_up = 1, .duration = 10};
  EXPECT_EQ(PhaseOf(MakeOutcome(0.1, 0.9), options), Phase::kWarmUp);
  EXPECT_EQ(PhaseOf(MakeOutcome(0.9, 5), options), Phase::kMeasured);
  EXPECT_EQ(PhaseOf(MakeOutcome(10.9, 11), options), Phase::kAfter);
}

TEST(LoadReportTest, TellsGoodputFromThroughput) {
  const LoadOptions options = {.rate = 1, .duration = 4, .deadline = 0.5};
  const LoadReport report = Summarize(
      {MakeOutcome(0, 0.4), MakeOutcome(1, 1.5), MakeOutcome(2, 2.6), MakeOutcome(3, 3.1)},
      options);
  EXPECT_EQ(report.all.answers, 4u);
  EXPECT_EQ(report.all.good, 3u);
  EXPECT_DOUBLE_EQ(report.throughput, 1);
  EXPECT_DOUBLE_EQ(report.goodput, 0.75);
}

TEST(LoadReportTest, CountsErrorsByCodeAndRefusals) {
  const LoadOptions options = {.rate = 1, .duration = 10};
  Outcome late = MakeOutcome(1, 2, RequestKind::kFlow);
  late.answer.status = client::Status(client::Code::kDeadlineExceeded, "");
  const LoadReport report = Summarize({Refused(1, milliseconds(70)), Refused(2, milliseconds(-1)),
                                       Refused(3, std::nullopt), late, MakeOutcome(4, 5)},
                                      options);
  EXPECT_EQ(report.all.refused, 3u);
  EXPECT_EQ(report.all.refused_with_pushback, 2u);
  EXPECT_EQ(report.all.errors.at("RESOURCE_EXHAUSTED"), 3u);
  EXPECT_EQ(report.all.errors.at("DEADLINE_EXCEEDED"), 1u);
  EXPECT_EQ(report.keypoints.requests, 4u);
  EXPECT_EQ(report.flows.requests, 1u);
  EXPECT_EQ(report.flows.errors.size(), 1u);
  EXPECT_EQ(report.all.latency.count, 1u);  // errors have no latency
}

TEST(LoadReportTest, BreaksTheLatencyDown) {
  Outcome outcome = MakeOutcome(1, 4);
  outcome.answer.statistics.decode_seconds = 0.25;
  outcome.answer.statistics.queue_seconds = 0.5;
  outcome.answer.statistics.encode_seconds = 0.75;
  outcome.answer.statistics.match_seconds = 1;
  outcome.answer.statistics.cached = true;
  const LoadReport report = Summarize({outcome}, {.rate = 1, .duration = 10});
  EXPECT_DOUBLE_EQ(report.keypoints.latency.p50, 3);
  EXPECT_DOUBLE_EQ(report.keypoints.decode.p50, 0.25);
  EXPECT_DOUBLE_EQ(report.keypoints.queue.p50, 0.5);
  EXPECT_DOUBLE_EQ(report.keypoints.encode.p50, 0.75);
  EXPECT_DOUBLE_EQ(report.keypoints.match.p50, 1);
  EXPECT_DOUBLE_EQ(report.keypoints.rest.p50, 0.5);
  EXPECT_EQ(report.keypoints.cached, 1u);
}

// Pixels of the first curve's colour in the rows [first, last).
int CountCurve(const cv::Mat& picture, int first, int last) {
  cv::Mat mask;
  const cv::Scalar colour(180, 119, 31);
  cv::inRange(picture.rowRange(first, last), colour, colour, mask);
  return cv::countNonZero(mask);
}

// Half of the requests are fast and half slow, so the curve runs at half height for long; where all
// are equal it only passes there.
TEST(LatencyPictureTest, DrawsTheSharesThatTookAtMostATime) {
  const cv::Mat halves = client::DrawLatency({{"keypoints", {0.02, 2}}}, 0.2);
  const cv::Mat equal = client::DrawLatency({{"keypoints", {2, 2}}}, 0.02);
  ASSERT_EQ(halves.type(), CV_8UC3);
  const int middle = halves.rows / 2;
  EXPECT_GT(CountCurve(halves, middle - 30, middle + 30), 300);
  EXPECT_LT(CountCurve(equal, middle - 30, middle + 30), 200);
  EXPECT_FALSE(client::DrawLatency({}, 0).empty());
}

}  // namespace
}  // namespace nemf::load
