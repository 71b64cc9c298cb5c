#include "client/eval/pck_table.h"

#include <gtest/gtest.h>

#include <random>

namespace nemf::eval {
namespace {

TEST(PckTest, CountsErrorsUpToTheThreshold) {
  const PckRow row = PckOf({0, 1, 3, 3.0001, 10, 15.5}, 100);
  const PckRow expected = {2.0 / 6, 3.0 / 6, 4.0 / 6, 4.0 / 6, 5.0 / 6, 5.0 / 6};
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(row[i], expected[i], 1e-12) << i;
}

// Against loops over all keypoints, on pairs of random sizes.
TEST(PckTest, AgreesWithANaiveCount) {
  std::mt19937 random(3);
  PckTable table;
  struct Naive {
    double pairs = 0, keypoints = 0, shares = 0, correct = 0;
  };
  std::map<std::string, Naive> naive;
  const std::size_t which = 3;  // alpha 0.07
  for (int i = 0; i < 60; ++i) {
    const std::string category = i % 3 == 0 ? "car" : "duck";
    const double side = 50 + random() % 200;
    std::vector<double> errors(1 + random() % 12);
    int correct = 0;
    for (double& error : errors) {
      error = random() % 300 / 10.0;
      if (error <= 0.07 * side) ++correct;
    }
    table.Add(category, errors, side);
    for (const std::string& name : {category, std::string("all")}) {
      Naive& n = naive[name];
      n.pairs += 1;
      n.keypoints += static_cast<double>(errors.size());
      n.shares += static_cast<double>(correct) / static_cast<double>(errors.size());
      n.correct += correct;
    }
  }
  const auto check = [&](const PckScore& score, const Naive& n) {
    EXPECT_EQ(score.pairs(), n.pairs);
    EXPECT_EQ(score.keypoints(), n.keypoints);
    EXPECT_NEAR(score.PerImage()[which], n.shares / n.pairs, 1e-12);
    EXPECT_NEAR(score.PerKeypoint()[which], n.correct / n.keypoints, 1e-12);
  };
  check(table.all, naive["all"]);
  check(table.classes.at("car"), naive["car"]);
  check(table.classes.at("duck"), naive["duck"]);
  EXPECT_NEAR(
      table.ClassMean(&PckScore::PerImage)[which],
      (naive["car"].shares / naive["car"].pairs + naive["duck"].shares / naive["duck"].pairs) / 2,
      1e-12);
}

TEST(PckTest, NothingIsZero) {
  const PckTable table;
  EXPECT_EQ(table.all.PerImage()[5], 0);
  EXPECT_EQ(table.ClassMean(&PckScore::PerKeypoint)[5], 0);
}

}  // namespace
}  // namespace nemf::eval
