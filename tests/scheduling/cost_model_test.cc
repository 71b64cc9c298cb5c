#include "server/scheduling/admission/cost_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace nemf {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(CostModelTest, NothingIsFreeUntilItWasSeen) {
  CostModel model;
  EXPECT_EQ(model.Predict(100), 0);
  model.Observe(10, 2);
  EXPECT_NEAR(model.Predict(10), 2, 1e-9);
}

TEST(CostModelTest, FindsALine) {
  CostModel model;
  for (int i = 0; i < 200; ++i) {
    const double n = 1 + i % 8;
    model.Observe(n, 0.5 + 0.25 * n);
  }
  // The penalty costs some per cent of the fixed part.
  EXPECT_NEAR(model.fixed(), 0.5, 0.05);
  EXPECT_NEAR(model.per_item(), 0.25, 0.01);
  for (const double n : {1, 4, 8}) EXPECT_NEAR(model.Predict(n), 0.5 + 0.25 * n, 0.04) << n;
}

TEST(CostModelTest, EqualSizesMakeItProportional) {
  CostModel model;
  for (int i = 0; i < 50; ++i) model.Observe(1000, 3);
  EXPECT_NEAR(model.fixed(), 0, 1e-9);
  EXPECT_NEAR(model.Predict(100), 0.3, 1e-9);
}

TEST(CostModelTest, NoPartIsNegative) {
  CostModel falling;
  CostModel convex;
  for (int i = 0; i < 50; ++i) {
    const double n = 1 + i % 10;
    falling.Observe(n, 20 - n);
    convex.Observe(n, n * n);
  }
  EXPECT_EQ(falling.per_item(), 0);
  EXPECT_GT(falling.fixed(), 10);
  EXPECT_EQ(convex.fixed(), 0);
  EXPECT_GT(convex.per_item(), 1);
}

TEST(CostModelTest, OneStallIsNearlyForgottenAtOnce) {
  CostModel model;
  for (int i = 0; i < 50; ++i) model.Observe(1 + i % 4, 1);
  model.Observe(2, 1000);
  EXPECT_LT(model.Predict(2), 1.2);
}

TEST(CostModelTest, FollowsALastingChange) {
  CostModel model;
  for (int i = 0; i < 50; ++i) model.Observe(1 + i % 4, 1 + i % 4);
  for (int i = 0; i < 80; ++i) model.Observe(1 + i % 4, 10.0 * (1 + i % 4));
  EXPECT_NEAR(model.Predict(4), 40, 4);
  for (int i = 0; i < 120; ++i) model.Observe(1 + i % 4, 1 + i % 4);
  EXPECT_NEAR(model.Predict(4), 4, 0.5);
}

TEST(CostModelTest, IsGoodWithinTheNoise) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(1, 0.1);
    CostModel model;
    for (int i = 0; i < 300; ++i) {
      const double n = 64.0 * (1 + random() % 1000);
      model.Observe(n, (0.002 + n * 5e-6) * noise(random));
    }
    EXPECT_NEAR(model.Predict(32000) / (0.002 + 32000 * 5e-6), 1, 0.1) << "seed " << seed;
    EXPECT_GE(model.fixed(), 0);
    EXPECT_GE(model.per_item(), 0);
  }
}

// An engine of `per_second` evaluations a second that does whole quanta.
Costs QuantaOf(double per_second, int steps, std::vector<double>* quanta) {
  Costs costs;
  costs.quantum_seconds = 0.02;
  costs.min_quantum = costs.quantum = 8192;
  for (int i = 0; i < steps; ++i) {
    quanta->push_back(costs.quantum);
    costs.ObserveMatch(costs.quantum, costs.quantum / per_second);
  }
  return costs;
}

TEST(QuantumTest, TheExampleOfTheHeader) {
  std::vector<double> fast;
  QuantaOf(2e6, 6, &fast);
  EXPECT_THAT(fast, ElementsAre(8192, 16'384, 32'768, DoubleNear(40'000, 1), DoubleNear(40'000, 1),
                                DoubleNear(40'000, 1)));
  std::vector<double> slow;
  QuantaOf(1e5, 3, &slow);
  EXPECT_THAT(slow, ElementsAre(8192, 8192, 8192));
}

TEST(QuantumTest, FollowsTheSpeedOfTheEngine) {
  std::vector<double> quanta;
  Costs costs = QuantaOf(1e6, 20, &quanta);
  EXPECT_NEAR(costs.quantum, 20'000, 1);
  for (int i = 0; i < 200; ++i) costs.ObserveMatch(costs.quantum, costs.quantum / 4e6);
  EXPECT_NEAR(costs.quantum, 80'000, 800);
  for (int i = 0; i < 200; ++i) costs.ObserveMatch(costs.quantum, costs.quantum / 5e5);
  EXPECT_NEAR(costs.quantum, 10'000, 100);
}

TEST(QuantumTest, LeavesRoomForTheFixedCost) {
  Costs costs;
  costs.quantum_seconds = 0.02;
  costs.min_quantum = costs.quantum = 1000;
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const double queries = std::min(costs.quantum, 1000.0 * (1 + random() % 20));
    costs.ObserveMatch(queries, 0.005 + queries / 1e6);
  }
  EXPECT_LE(costs.match.Predict(costs.quantum), 0.02 + 1e-6);
  EXPECT_NEAR(costs.quantum, 15'000, 1'500);
}

// Small work extrapolates badly: a quantum grows only from what was measured.
TEST(QuantumTest, SmallWorkMakesNoLongQuantum) {
  Costs costs;
  costs.quantum_seconds = 0.02;
  costs.min_quantum = costs.quantum = 4096;
  for (int i = 0; i < 100; ++i) costs.ObserveMatch(100, 1e-4 + (i % 2) * 1e-6);
  EXPECT_EQ(costs.quantum, 4096);
}

}  // namespace
}  // namespace nemf
