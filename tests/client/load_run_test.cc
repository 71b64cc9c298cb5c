#include "client/load/load_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client/load/load_report.h"
#include "client/load/random.h"

namespace nemf::load {
namespace {

using ::testing::HasSubstr;

// A clock that moves when a test advances it, and at once when a caller sleeps.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(double now = 0) : now_(now) {}
  double Now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void SleepUntil(double time) override {
    const std::lock_guard lock(mutex_);
    now_ = std::max(now_, time);
  }
  void Advance(double seconds) {
    const std::lock_guard lock(mutex_);
    now_ += seconds;
  }

 private:
  std::mutex mutex_;
  double now_;
};

// The times of the arrivals before `end`.
std::vector<double> ArrivalsBefore(double end, double rate, std::uint64_t seed) {
  PoissonArrivals arrivals(rate, seed);
  std::vector<double> times;
  for (double time = arrivals.Next(); time < end; time = arrivals.Next()) times.push_back(time);
  return times;
}

TEST(LoadOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(LoadOptions().Validate().ok());
  const double nan = std::nan("");
  const std::vector<std::pair<LoadOptions, std::string>> cases = {
      {{.rate = -1}, "LoadOptions.rate = -1.000000, must be 0 to 1e6"},
      {{.rate = nan}, "rate = nan"},
      {{.workers = 0}, "workers = 0.000000, must be 1 to 4096"},
      {{.workers = 5000}, "workers"},
      {{.warm_up = -1}, "warm_up"},
      {{.duration = 0}, "duration"},
      {{.deadline = nan}, "deadline"}};
  for (const auto& [options, what] : cases) {
    EXPECT_THAT(options.Validate().message(), HasSubstr(what));
  }
}

// A server that takes 0.25 s for each request, and one client: it asks again with each answer.
TEST(LoadRunTest, ClosedLoopAsksAgainWithTheAnswer) {
  FakeClock clock(1000);
  const LoadOptions options = {.workers = 1, .warm_up = 0.5, .duration = 2};
  const std::vector<Outcome> outcomes = RunLoad(options, &clock, [&clock](std::uint64_t) {
    clock.Advance(0.25);
    return Answer();
  });
  ASSERT_EQ(outcomes.size(), 10u);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].index, i);
    EXPECT_DOUBLE_EQ(outcomes[i].scheduled, 0.25 * static_cast<double>(i));
    EXPECT_DOUBLE_EQ(outcomes[i].latency(), 0.25);
  }
  // Those that end at 0.5, 0.75, ... 2.25; the one that ends with the time does not count.
  const LoadReport report = Summarize(outcomes, options);
  EXPECT_EQ(report.warm_up, 1u);
  EXPECT_EQ(report.measured, 8u);
  EXPECT_EQ(report.after, 1u);
  EXPECT_DOUBLE_EQ(report.throughput, 4);
}

TEST(LoadRunTest, OpenLoopSendsAtTheArrivals) {
  FakeClock clock(5);
  const LoadOptions options = {.rate = 20, .workers = 1, .duration = 10, .seed = 3};
  const std::vector<Outcome> outcomes =
      RunLoad(options, &clock, [](std::uint64_t) { return Answer(); });
  const std::vector<double> expected = ArrivalsBefore(10, 20, 3);
  ASSERT_EQ(outcomes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_DOUBLE_EQ(outcomes[i].scheduled, expected[i]);
    EXPECT_NEAR(outcomes[i].started, expected[i], 1e-9);
  }
}

// One request in flight that takes longer than the arrivals are apart: request k can only start
// when k requests have ended, and its latency says so.
TEST(LoadRunTest, WaitingForAWorkerIsLatency) {
  FakeClock clock;
  const LoadOptions options = {.rate = 10, .workers = 1, .duration = 4, .seed = 8};
  const std::vector<Outcome> outcomes = RunLoad(options, &clock, [&clock](std::uint64_t) {
    clock.Advance(1);
    return Answer();
  });
  const std::vector<double> arrivals = ArrivalsBefore(4, 10, 8);
  ASSERT_EQ(outcomes.size(), arrivals.size());
  ASSERT_GT(arrivals.size(), 20u) << "seed 8";
  double free = 0;  // when the worker is
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    free = std::max(free, arrivals[i]) + 1;
    EXPECT_NEAR(outcomes[i].finished, free, 1e-9);
    EXPECT_NEAR(outcomes[i].latency(), free - arrivals[i], 1e-9);
  }
  EXPECT_GT(outcomes.back().latency(), 10);
}

TEST(LoadRunTest, ManyWorkersEndEveryRequestOnce) {
  FakeClock clock;
  const LoadOptions options = {.rate = 1000, .workers = 32, .warm_up = 1, .duration = 4};
  std::atomic<int> sent = 0;
  std::atomic<int> noted = 0;
  const std::vector<Outcome> outcomes = RunLoad(
      options, &clock,
      [&sent](std::uint64_t index) {
        ++sent;
        if (index % 7 == 0) throw std::runtime_error("broken on purpose");
        Answer answer;
        if (index % 5 == 0) answer.status = client::Status(client::Code::kUnavailable, "");
        return answer;
      },
      [&noted](const Outcome&) { ++noted; });
  const std::size_t started = ArrivalsBefore(5, 1000, 0).size();
  std::set<std::uint64_t> indices;
  for (const Outcome& outcome : outcomes) {
    indices.insert(outcome.index);
    if (outcome.index % 7 == 0) {
      EXPECT_EQ(outcome.answer.status.code(), client::Code::kUnknown);
      EXPECT_EQ(outcome.answer.status.message(), "broken on purpose");
    }
  }
  EXPECT_EQ(outcomes.size(), started);
  EXPECT_EQ(indices.size(), started);
  EXPECT_EQ(*indices.rbegin(), started - 1);
  EXPECT_EQ(static_cast<std::size_t>(sent), started);
  EXPECT_EQ(static_cast<std::size_t>(noted), started);

  const LoadReport report = Summarize(outcomes, options);
  EXPECT_EQ(report.warm_up + report.measured + report.after, started);
  EXPECT_EQ(report.after, 0u);
  std::size_t errors = 0;
  for (const auto& [code, count] : report.all.errors) errors += count;
  EXPECT_EQ(report.all.answers + errors, report.measured);
  EXPECT_EQ(report.all.requests, report.measured);
}

TEST(LoadRunTest, ARealClockKeepsTheSchedule) {
  SteadyClock clock;
  const LoadOptions options = {.rate = 200, .workers = 4, .duration = 0.2, .seed = 1};
  for (const Outcome& outcome : RunLoad(options, &clock, [](std::uint64_t) { return Answer(); })) {
    EXPECT_GE(outcome.started, outcome.scheduled - 1e-6);
    EXPECT_GE(outcome.finished, outcome.started);
  }
}

}  // namespace
}  // namespace nemf::load
