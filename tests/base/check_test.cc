#include "server/base/check.h"

#include <gtest/gtest.h>

namespace nemf {
namespace {

TEST(CheckTest, GoesOnWhenTheConditionHolds) {
  int evaluations = 0;
  NEMF_CHECK(++evaluations == 1);
  NEMF_CHECK(evaluations == 1, "evaluated once");
  EXPECT_EQ(evaluations, 1);
}

// Whatever NDEBUG says.
TEST(CheckDeathTest, AbortsWithPlaceConditionAndText) {
  const int jobs = 1;
  EXPECT_DEATH(NEMF_CHECK(jobs == 0), "check_test.cc:[0-9]+: check failed: jobs == 0\n");
  EXPECT_DEATH(NEMF_CHECK(jobs == 0, "a job is left"),
               "check_test.cc:[0-9]+: check failed: jobs == 0 \\(a job is left\\)\n");
}

}  // namespace
}  // namespace nemf
