#include "server/scheduling/admission/forecast.h"

#include <gtest/gtest.h>

#include <vector>

namespace nemf {
namespace {

// 0.5 s a pair, 0.1 s a quantum of 100 queries.
Costs ExampleCosts() {
  Costs costs;
  costs.quantum = costs.min_quantum = 100;
  costs.encode.Observe(1, 0.5);
  costs.match.Observe(100, 0.1);
  return costs;
}

OutstandingWork Matching(double queries, Priority priority = Priority::kNormal) {
  return {.queries = queries, .needs_encoding = false, .priority = priority};
}
OutstandingWork Waiting(double queries, Priority priority = Priority::kNormal) {
  return {.queries = queries, .needs_encoding = true, .priority = priority};
}

TEST(ForecastTest, UnknownCostsAreNone) {
  EXPECT_EQ(ForecastFor(Waiting(1000), {}, Costs()).total(), 0);
}

TEST(ForecastTest, AloneItTakesItsOwnTime) {
  const Forecast forecast = ForecastFor(Waiting(200), {}, ExampleCosts());
  EXPECT_EQ(forecast.wait, 0);
  EXPECT_NEAR(forecast.own, 0.7, 1e-9);
  EXPECT_NEAR(ForecastFor(Matching(200), {}, ExampleCosts()).own, 0.2, 1e-9);
}

TEST(ForecastTest, TheExampleOfTheHeader) {
  const std::vector<OutstandingWork> others = {Matching(1000), Waiting(100)};
  const Forecast forecast = ForecastFor(Waiting(200), others, ExampleCosts());
  EXPECT_NEAR(forecast.wait, 0.8, 1e-9);
  EXPECT_NEAR(forecast.own, 0.7, 1e-9);
}

TEST(ForecastTest, ALongJobWaitsForAllShorterOnes) {
  const std::vector<OutstandingWork> others(5, Matching(100));
  EXPECT_NEAR(ForecastFor(Matching(1000), others, ExampleCosts()).wait, 0.5 + 0.1, 1e-9);
}

TEST(ForecastTest, AShortJobWaitsForOneQuantumOfManyLongOnes) {
  const std::vector<OutstandingWork> others(5, Matching(100'000));
  EXPECT_NEAR(ForecastFor(Matching(100), others, ExampleCosts()).wait, 0.1, 1e-9);
}

TEST(ForecastTest, PrioritiesChangeTheOrder) {
  const std::vector<OutstandingWork> others = {Waiting(1000, Priority::kHigh)};
  // 1000 of high priority count as 62.
  EXPECT_NEAR(ForecastFor(Waiting(100), others, ExampleCosts()).wait, 0.5 + 1 + 0.1, 1e-9);
  // The other's pair goes behind, and before the only quantum of this one; its matching behind.
  const std::vector<OutstandingWork> low = {Waiting(1000, Priority::kLow)};
  EXPECT_NEAR(ForecastFor(Waiting(100), low, ExampleCosts()).wait, 0.5 + 0.1, 1e-9);
}

TEST(ForecastTest, AnEncodedPairWaitsForOneEncoderBatchInFiveQuanta) {
  const std::vector<OutstandingWork> others(10, Waiting(100'000));
  EXPECT_NEAR(ForecastFor(Matching(200), others, ExampleCosts()).wait, 0.5 + 0.1, 1e-9);
  // 6 quanta: 2 batches, the running quantum, and 2 quanta of the others.
  EXPECT_NEAR(ForecastFor(Matching(600), others, ExampleCosts()).wait, 2 * 0.5 + 0.3, 1e-9);
}

TEST(ForecastTest, PassesAreFilled) {
  Costs costs = ExampleCosts();
  costs.encoder_batch = 4;
  for (int i = 0; i < 200; ++i) costs.encode.Observe(1 + i % 4, 1 + 0.5 * (1 + i % 4));
  EXPECT_NEAR(costs.EncodeSeconds(8), 2 * 3, 0.2);
  EXPECT_NEAR(costs.EncodeSeconds(9), 2 * 3 + 1.5, 0.2);
}

TEST(ForecastTest, SecondsOfAllWork) {
  const std::vector<OutstandingWork> work = {Waiting(100), Matching(300)};
  EXPECT_NEAR(SecondsOf(work, ExampleCosts()), 0.5 + 0.4, 1e-9);
  EXPECT_EQ(SecondsOf({}, ExampleCosts()), 0);
}

}  // namespace
}  // namespace nemf
