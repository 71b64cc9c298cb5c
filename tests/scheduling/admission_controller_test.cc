#include "server/scheduling/admission/admission_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/scheduling/retry_pushback.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

class AdmissionControllerTest : public ::testing::Test {
 protected:
  static SchedulerOptions Options() {
    SchedulerOptions options;
    options.max_queued_jobs = 3;
    options.max_queued_bytes = 1000;
    options.max_queued_seconds = 10;
    options.max_queued_per_client = 2;
    options.quantum = absl::Milliseconds(100);
    options.min_quantum_queries = 100;
    return options;
  }

  // 1 s a pair, 1 ms a query: quanta of 100 queries.
  void Learn() {
    admission_.ObserveEncode(1, absl::Seconds(1));
    admission_.ObserveMatch(100, absl::Milliseconds(100));
  }

  static AdmissionRequest Item(double queries,
                               absl::Duration time_left = absl::InfiniteDuration()) {
    AdmissionRequest item;
    item.work.queries = queries;
    item.time_left = time_left;
    return item;
  }

  // Requires it to be admitted.
  AdmissionTicket Admit(const AdmissionRequest& item) {
    return std::get<AdmissionTicket>(admission_.Admit(item));
  }
  // Requires it to be refused.
  AdmissionController::Refusal Refusal(const AdmissionRequest& item) {
    auto refusal = std::get<AdmissionController::Refusal>(admission_.Admit(item));
    EXPECT_EQ(refusal.status.code(), absl::StatusCode::kResourceExhausted);
    return refusal;
  }
  bool Admits(const AdmissionRequest& item) {
    return std::holds_alternative<AdmissionTicket>(admission_.Admit(item));
  }

  AdmissionController admission_{Options(), 1};
};

TEST_F(AdmissionControllerTest, TicketsGiveBackTheirPlaces) {
  {
    const AdmissionTicket ticket = Admit(Item(100));
    EXPECT_EQ(admission_.jobs(), 1);
    AdmissionTicket moved = Admit(Item(100));
    AdmissionTicket other = std::move(moved);
    EXPECT_EQ(admission_.jobs(), 2);
    other = AdmissionTicket();
    EXPECT_EQ(admission_.jobs(), 1);
  }
  EXPECT_EQ(admission_.jobs(), 0);
  EXPECT_EQ(admission_.Seconds(), 0);
  AdmissionTicket empty;
  EXPECT_EQ(admission_.jobs(), 0);
  empty.TakeBackward().Submitted(1, true);
  empty.LeaveQueue();
  empty.Encoded();
  empty.Answered(1);
}

TEST_F(AdmissionControllerTest, SaysHowMuchWorkThereIs) {
  Learn();
  AdmissionTicket ticket = Admit(Item(2000));
  EXPECT_EQ(admission_.Seconds(), 0);
  ticket.Submitted(2000, /*needs_encoding=*/true);
  EXPECT_NEAR(admission_.Seconds(), 3, 1e-9);
  ticket.LeaveQueue();
  EXPECT_NEAR(admission_.Seconds(), 3, 1e-9);
  ticket.Encoded();
  EXPECT_NEAR(admission_.Seconds(), 2, 1e-9);
  ticket.SetQueriesLeft(500);
  EXPECT_NEAR(admission_.Seconds(), 0.5, 1e-9);
}

TEST_F(AdmissionControllerTest, BoundsTheJobsThatWait) {
  std::vector<AdmissionTicket> tickets;
  for (int i = 0; i < 3; ++i) tickets.push_back(Admit(Item(1)));
  EXPECT_EQ(Refusal(Item(1)).reason, DropReason::kQueueFull);
  tickets.front().LeaveQueue();
  EXPECT_TRUE(Admits(Item(1)));
  tickets.front().LeaveQueue();  // again: nothing more is free
  tickets.push_back(Admit(Item(1)));
  EXPECT_FALSE(Admits(Item(1)));
}

TEST_F(AdmissionControllerTest, BoundsTheBytesThatAreHeldButTakesOneRequestOfAnySize) {
  AdmissionRequest large = Item(1);
  large.bytes = 5000;
  AdmissionRequest small = Item(1);
  small.bytes = 600;
  {
    AdmissionTicket ticket = Admit(large);
    EXPECT_THAT(std::string(Refusal(small).status.message()), HasSubstr("hold 5000 bytes"));
    ticket.LeaveQueue();  // it is matched, but not answered
    EXPECT_FALSE(Admits(small));
  }
  const AdmissionTicket ticket = Admit(small);
  EXPECT_FALSE(Admits(small));
}

TEST_F(AdmissionControllerTest, AFlowBothWaysIsOnePlaceAndTwoJobs) {
  AdmissionRequest both = Item(1000);
  both.backward = OutstandingWork{.queries = 500};
  both.client = "me";
  {
    AdmissionTicket forward = Admit(both);
    const AdmissionTicket other = Admit(both);
    EXPECT_EQ(Refusal(both).reason, DropReason::kClientLimit);
    EXPECT_EQ(admission_.jobs(), 4);
    forward.LeaveQueue();
    EXPECT_TRUE(Admits(both));
    AdmissionTicket backward = forward.TakeBackward();
    forward = AdmissionTicket();
    EXPECT_EQ(admission_.jobs(), 3);
    backward.Answered(500);
  }
  EXPECT_EQ(admission_.jobs(), 0);
  Learn();
  // Alone it takes a pair and 1 s of matching, and then both again for the way back: 3.5 s.
  both.client = "";
  both.time_left = absl::Seconds(1.2 * 3.5 - 0.01);
  EXPECT_EQ(Refusal(both).reason, DropReason::kDeadlineUnreachable);
  both.time_left = absl::Seconds(1.2 * 3.5 + 0.01);
  EXPECT_TRUE(Admits(both));
}

TEST_F(AdmissionControllerTest, RefusesWhatIsLate) {
  const auto refusal =
      std::get<AdmissionController::Refusal>(admission_.Admit(Item(1, absl::ZeroDuration())));
  EXPECT_EQ(refusal.reason, DropReason::kExpiredOnEntry);
  EXPECT_EQ(refusal.status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(AdmissionControllerTest, IsClosedForNewRequestsOnly) {
  AdmissionTicket submitted = Admit(Item(1));
  AdmissionTicket dropped = Admit(Item(1));
  admission_.Close();
  const auto refusal = std::get<AdmissionController::Refusal>(admission_.Admit(Item(1)));
  EXPECT_EQ(refusal.reason, DropReason::kDraining);
  EXPECT_EQ(refusal.status.code(), absl::StatusCode::kUnavailable);
  submitted.Submitted(1, true);
  dropped = AdmissionTicket();
  admission_.AwaitSubmitted();  // blocks if a ticket is still counted
  EXPECT_EQ(admission_.jobs(), 1);
}

TEST_F(AdmissionControllerTest, ASubmittedJobHasItsExactBound) {
  Learn();
  AdmissionTicket ticket = Admit(Item(1000));
  ticket.Submitted(3000, /*needs_encoding=*/false);
  EXPECT_NEAR(admission_.Seconds(), 3, 1e-9);
}

TEST_F(AdmissionControllerTest, BoundsTheJobsOfAClient) {
  AdmissionRequest mine = Item(1);
  mine.client = "me";
  AdmissionRequest others = Item(1);
  others.client = "you";
  AdmissionTicket first = Admit(mine);
  const AdmissionTicket second = Admit(mine);
  EXPECT_EQ(Refusal(mine).reason, DropReason::kClientLimit);
  EXPECT_TRUE(Admits(others));
  first = AdmissionTicket();
  EXPECT_TRUE(Admits(mine));
}

TEST_F(AdmissionControllerTest, BoundsTheTimeThatAJobWaits) {
  Learn();
  const AdmissionTicket ticket = Admit(Item(9000));  // it alone takes as long as it likes
  EXPECT_TRUE(Admits(Item(100)));                    // shorter: goes first
  // Behind the pair and the matching of the other, and the running quantum: 10.1 s.
  const AdmissionController::Refusal refusal = Refusal(Item(9001));
  EXPECT_EQ(refusal.reason, DropReason::kQueueFull);
  EXPECT_THAT(RetryPushbackMs(refusal.status), Optional(::testing::AnyOf(100, 101)));
}

TEST_F(AdmissionControllerTest, RefusesWhatWouldMissItsDeadline) {
  Learn();
  const AdmissionTicket ticket = Admit(Item(1000));
  // 1 s for the pair before it, 1 s for the matching of it, 0.1 s for the running quantum; 2 s
  // itself.
  const AdmissionRequest tight = Item(1000, absl::Seconds(1.2 * 4.1 - 0.5));
  const AdmissionController::Refusal refusal = Refusal(tight);
  EXPECT_EQ(refusal.reason, DropReason::kDeadlineUnreachable);
  EXPECT_THAT(RetryPushbackMs(refusal.status),
              Optional(::testing::AllOf(::testing::Ge(499), ::testing::Le(501))));
  EXPECT_TRUE(Admits(Item(1000, absl::Seconds(1.2 * 4.1 + 0.01))));
  // Its own work alone is too much: to try again has no use.
  EXPECT_THAT(RetryPushbackMs(Refusal(Item(1000, absl::Seconds(2.1))).status), Optional(-1));
}

TEST_F(AdmissionControllerTest, UnknownCostsRefuseNothing) {
  const AdmissionTicket ticket = Admit(Item(1e9));
  EXPECT_TRUE(Admits(Item(1e9, absl::Milliseconds(1))));
}

TEST_F(AdmissionControllerTest, AWrongPredictionDoesNotRefuseForEver) {
  admission_.ObserveEncode(1, absl::Hours(1));
  int refusals = 0;
  while (!Admits(Item(0, absl::Seconds(1)))) ASSERT_LT(++refusals, 200);
  EXPECT_GT(refusals, 10);
  // Once it is corrected, that is believed.
  for (int i = 0; i < 200; ++i) admission_.ObserveEncode(1, absl::Milliseconds(100));
  EXPECT_TRUE(Admits(Item(0, absl::Seconds(1))));
  EXPECT_FALSE(Admits(Item(0, absl::Milliseconds(100))));
}

TEST_F(AdmissionControllerTest, LearnsHowMuchOfTheBoundIsSpent) {
  Learn();
  AdmissionRequest item = Item(1000);
  item.work.needs_encoding = false;
  for (int i = 0; i < 100; ++i) {
    AdmissionTicket ticket = Admit(item);
    ticket.SetQueriesLeft(0);
    ticket.Answered(250);
  }
  AdmissionTicket ticket = Admit(item);
  ticket.Submitted(1000, /*needs_encoding=*/false);
  EXPECT_NEAR(admission_.Seconds(), 0.25, 0.001);
  item.kind = JobKind::kFlow;  // which was never seen
  AdmissionTicket flow = Admit(item);
  flow.Submitted(1000, /*needs_encoding=*/false);
  EXPECT_NEAR(admission_.Seconds(), 1.25, 0.001);
}

}  // namespace
}  // namespace nemf
