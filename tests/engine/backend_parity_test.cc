#include "server/engine/checks/backend_parity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;
using testing::MakeTestEngine;

TEST(BackendParity, AModelAgreesWithItself) {
  const auto engine = MakeTestEngine(1);
  const auto other = MakeTestEngine(2);
  const absl::Status status = CheckBackendParity(engine.get(), other.get(), {0, 0});
  EXPECT_TRUE(status.ok()) << status;
}

TEST(BackendParity, AnotherModelIsRefused) {
  const auto engine = MakeTestEngine(1, 1);
  const auto other = MakeTestEngine(1, 2);
  for (const Precision precision : {Precision::kFloat32, Precision::kFloat16}) {
    const absl::Status status =
        CheckBackendParity(engine.get(), other.get(), AllowedDisagreement(precision));
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("disagrees with the CPU"));
  }
}

TEST(BackendParity, CountsMovedPointsAndScoreGaps) {
  const std::vector<Match> expected = {
      {{1, 1}, 0.0f}, {{2, 2}, 4.0f}, {{3, 3}, 8.0f}, {{4, 4}, 12.0f}};
  std::vector<Match> answer = expected;
  EXPECT_EQ(Compare(answer, expected).moved, 0);
  EXPECT_EQ(Compare(answer, expected).score_gap, 0);
  answer[1].reference.x += 1.5f;
  answer[2].score += 2.0f;
  EXPECT_DOUBLE_EQ(Compare(answer, expected).moved, 0.25);
  EXPECT_NEAR(Compare(answer, expected).score_gap, 0.5 / 4.4721, 1e-4);
  answer[0].reference.y = std::numeric_limits<float>::quiet_NaN();
  answer[0].score = std::numeric_limits<float>::quiet_NaN();
  EXPECT_DOUBLE_EQ(Compare(answer, expected).moved, 0.5);
  EXPECT_EQ(Compare(answer, expected).score_gap, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace nemf
