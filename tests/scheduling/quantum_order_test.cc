#include "server/scheduling/admission/quantum_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(QuantumOrderTest, NobodyThere) { EXPECT_THAT(QuantumOrder({}, kAgeingPeriod), IsEmpty()); }

TEST(QuantumOrderTest, LittleWorkFirstThenArrival) {
  const std::vector<QuantumCandidate> jobs = {{500, 0, 1}, {100, 0, 4}, {100, 0, 2}, {300, 9, 3}};
  EXPECT_THAT(QuantumOrder(jobs, 1), ElementsAre(2, 1, 3, 0));
}

TEST(QuantumOrderTest, TheHungriestLeadsEveryFourthQuantum) {
  const std::vector<QuantumCandidate> jobs = {{500, 7, 1}, {100, 0, 2}, {400, 7, 0}, {900, 3, 3}};
  EXPECT_THAT(QuantumOrder(jobs, 3), ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(QuantumOrder(jobs, 4), ElementsAre(2, 1, 0, 3));
}

TEST(QuantumOrderTest, ShortHungerChangesNothing) {
  const std::vector<QuantumCandidate> jobs = {{500, 2, 1}, {100, 0, 2}};
  EXPECT_THAT(QuantumOrder(jobs, 4), ElementsAre(1, 0));
  EXPECT_THAT(QuantumOrder(jobs, 8), ElementsAre(1, 0));
}

TEST(QuantumOrderTest, PrioritiesWeighTheWork) {
  const std::vector<QuantumCandidate> jobs = {{1000, 0, 1, Priority::kHigh},
                                              {100, 0, 2, Priority::kNormal},
                                              {100, 0, 3, Priority::kHigh},
                                              {10, 0, 4, Priority::kLow}};
  EXPECT_THAT(QuantumOrder(jobs, 1), ElementsAre(2, 0, 1, 3));
}

TEST(QuantumOrderTest, AgeingKnowsNoPriorities) {
  const std::vector<QuantumCandidate> jobs = {{100, 0, 1, Priority::kHigh},
                                              {100, 3, 2, Priority::kLow}};
  EXPECT_THAT(QuantumOrder(jobs, 4), ElementsAre(1, 0));
}

}  // namespace
}  // namespace nemf
