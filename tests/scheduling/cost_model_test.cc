#include "server/scheduling/admission/cost_model.h"

#include <gtest/gtest.h>

#include <random>

namespace nemf {
namespace {

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

}  // namespace
}  // namespace nemf
