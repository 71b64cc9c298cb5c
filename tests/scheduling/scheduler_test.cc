#include "server/scheduling/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "server/scheduling/retry_pushback.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_engine.h"
#include "tests/testing/fake_job.h"
#include "tests/testing/recording_sink.h"

namespace nemf {
namespace {

class SchedulerTest : public ::testing::Test {
 protected:
  // Stops the engine in its first call until `go_` is notified.
  void HoldTheEngine() {
    engine_.on_call = [this] {
      if (!stopped_.HasBeenNotified()) stopped_.Notify();
      go_.WaitForNotification();
    };
  }

  FakeClock clock_;
  FakeEngine engine_{&clock_};
  absl::Notification stopped_;
  absl::Notification go_;
};

TEST_F(SchedulerTest, AnswersAJob) {
  const FakeWork work{.id = 1, .queries = 100000};
  auto sink = std::make_shared<RecordingSink>();
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  ASSERT_TRUE(RunFake(*scheduler, work, sink).ok());
  EXPECT_EQ(sink->Wait()->matches.at(0).score, FakeScore(work, 0));
}

// Keeps the decisions about requests.
class DecisionObserver final : public SchedulerObserver {
 public:
  void OnAdmission(const AdmissionDecision& decision) override { decisions_.push_back(decision); }
  const std::vector<AdmissionDecision>& decisions() const { return decisions_; }

 private:
  std::vector<AdmissionDecision> decisions_;
};

TEST_F(SchedulerTest, ReportsTheDecisionAboutEachRequest) {
  DecisionObserver observer;
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {}, &observer);
  JobRequest request = FakeRequest({.id = 1, .queries = 1000});
  request.client = "alice";
  ASSERT_TRUE(ReserveFake(*scheduler, request, {.id = 1, .queries = 1000}).ok());
  request.deadline = clock_.Now();
  ASSERT_FALSE(ReserveFake(*scheduler, request, {.id = 1, .queries = 1000}).ok());
  ASSERT_EQ(observer.decisions().size(), 2u);
  EXPECT_EQ(observer.decisions()[0].client, "alice");
  EXPECT_GT(observer.decisions()[0].queries, 0);
  EXPECT_EQ(observer.decisions()[0].refusal, std::nullopt);
  EXPECT_EQ(observer.decisions()[1].refusal, DropReason::kExpiredOnEntry);
}

TEST_F(SchedulerTest, RefusesWhatIsLateAtOnce) {
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  JobRequest request = FakeRequest({.id = 1});
  request.deadline = clock_.Now();
  EXPECT_EQ(ReserveFake(*scheduler, request, {.id = 1}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SchedulerTest, RefusesWhatTheQueueCannotHold) {
  HoldTheEngine();
  SchedulerOptions options;
  options.max_queued_jobs = 2;
  auto sink = std::make_shared<RecordingSink>();
  const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
  ASSERT_TRUE(RunFake(*scheduler, {.id = 1}, sink).ok());
  stopped_.WaitForNotification();  // the first has left the queue
  EXPECT_TRUE(RunFake(*scheduler, {.id = 2}, sink).ok());
  EXPECT_TRUE(RunFake(*scheduler, {.id = 3}, sink).ok());
  EXPECT_EQ(RunFake(*scheduler, {.id = 4}, sink).status().code(),
            absl::StatusCode::kResourceExhausted);
  go_.Notify();
  scheduler->Drain();
  EXPECT_EQ(sink->calls(), 3);
}

TEST_F(SchedulerTest, DrainAnswersWhatWasAcceptedAndRefusesTheRest) {
  HoldTheEngine();
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  for (std::uint32_t id = 1; id <= 20; ++id) {
    sinks.push_back(std::make_shared<RecordingSink>());
    ASSERT_TRUE(RunFake(*scheduler, {.id = id, .queries = 200000}, sinks.back()).ok());
  }
  stopped_.WaitForNotification();
  std::thread drain([&] { scheduler->Drain(); });
  // Accepted until the other thread's Drain() begins.
  absl::Status status;
  while (status.ok()) {
    auto sink = std::make_shared<RecordingSink>();
    status = RunFake(*scheduler, {.id = 100}, sink).status();
    if (status.ok()) sinks.push_back(sink);
    if (absl::IsResourceExhausted(status)) status = absl::OkStatus();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  go_.Notify();
  drain.join();
  for (const auto& sink : sinks) {
    EXPECT_EQ(sink->calls(), 1);
    EXPECT_TRUE(sink->Wait().ok());
  }
  scheduler->Drain();  // again, harmless
}

TEST_F(SchedulerTest, RefusesWhatWouldMissItsDeadline) {
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  const auto submit = [&](std::uint32_t id, absl::Duration time_left) {
    auto sink = std::make_shared<RecordingSink>();
    const FakeWork work{.id = id, .queries = 10'000};
    JobRequest request = FakeRequest(work);
    request.deadline = clock_.Now() + time_left;
    const absl::Status status = RunFake(*scheduler, request, work, sink).status();
    if (status.ok()) sink->Wait().IgnoreError();
    return status;
  };
  // A pair takes 100 ms, its queries as long.
  for (const std::uint32_t id : {1, 2, 3}) ASSERT_TRUE(submit(id, absl::Hours(1)).ok());
  const absl::Status refusal = submit(4, absl::Milliseconds(150));
  EXPECT_EQ(refusal.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryPushbackMs(refusal), -1);
  EXPECT_TRUE(submit(5, absl::Milliseconds(300)).ok());
  EXPECT_TRUE(submit(1, absl::Milliseconds(150)).ok());  // its pair is encoded already
}

TEST_F(SchedulerTest, AsksForTheDigestOnlyIfItDecides) {
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  const auto never = []() -> PairDigest {
    ADD_FAILURE() << "asked for a digest";
    return {};
  };
  const FakeWork work{.id = 1, .queries = 1000};
  // Unknown costs refuse nothing.
  EXPECT_TRUE(scheduler->Reserve(FakeRequest(work), never).ok());
  auto sink = std::make_shared<RecordingSink>();
  ASSERT_TRUE(RunFake(*scheduler, work, sink).ok());
  sink->Wait().IgnoreError();

  // Time for the matching of an encoded pair, not for encoding one.
  JobRequest request = FakeRequest(work);
  request.deadline = clock_.Now() + engine_.pair_time / 2;
  EXPECT_EQ(scheduler->Reserve(request, [] { return PairDigest{}; }).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ReserveFake(*scheduler, request, work).ok());
  request.deadline = absl::InfiniteFuture();
  EXPECT_TRUE(scheduler->Reserve(request, never).ok());
  request.deadline = clock_.Now();
  EXPECT_EQ(scheduler->Reserve(request, never).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SchedulerTest, ATicketHoldsItsPlaceUntilItIsDestroyed) {
  SchedulerOptions options;
  options.max_queued_jobs = 1;
  const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
  {
    const auto ticket = ReserveFake(*scheduler, FakeRequest({.id = 1}), {.id = 1});
    ASSERT_TRUE(ticket.ok());
    EXPECT_EQ(ReserveFake(*scheduler, FakeRequest({.id = 2}), {.id = 2}).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_TRUE(ReserveFake(*scheduler, FakeRequest({.id = 2}), {.id = 2}).ok());
}

TEST_F(SchedulerTest, CountsAllThatARequestHolds) {
  SchedulerOptions options;
  const auto scheduler_with = [&](std::int64_t bytes) {
    options.max_queued_bytes = bytes;
    return Scheduler::Create(&engine_, &clock_, options);
  };
  JobRequest request;
  request.spec = FlowSpec{.options = {}, .snapshots = {}, .both_ways = true};
  request.query = {20, 10};
  request.reference = {30, 10};
  request.other_bytes = 1000;
  const std::int64_t bytes = 1000 + (200 + 300) * (3 + static_cast<int>(sizeof(Match)));
  const auto no_digest = [] { return PairDigest{}; };
  for (const bool fits : {true, false}) {
    const auto scheduler = scheduler_with(fits ? 2 * bytes : 2 * bytes - 1);
    const auto first = scheduler->Reserve(request, no_digest);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(scheduler->Reserve(request, no_digest).ok(), fits);
  }
}

// A promise: whatever happens between the grant and the submission, the job is answered.
TEST_F(SchedulerTest, AGrantedTicketIsNotRefusedLater) {
  auto sink = std::make_shared<RecordingSink>();
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  auto ticket = ReserveFake(*scheduler, FakeRequest({.id = 1}), {.id = 1});
  ASSERT_TRUE(ticket.ok());
  std::thread drain([&] { scheduler->Drain(); });
  absl::Status status;
  while (status.ok()) status = ReserveFake(*scheduler, FakeRequest({.id = 2}), {.id = 2}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  SubmitFake(*scheduler, *std::move(ticket), {.id = 1}, sink);
  drain.join();
  EXPECT_EQ(sink->calls(), 1);
  EXPECT_TRUE(sink->Wait().ok());
}

TEST_F(SchedulerTest, DrainDoesNotWaitForADestroyedTicket) {
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  auto ticket = ReserveFake(*scheduler, FakeRequest({.id = 1}), {.id = 1});
  ASSERT_TRUE(ticket.ok());
  std::thread drain([&] { scheduler->Drain(); });
  ticket = absl::CancelledError();
  drain.join();
}

TEST_F(SchedulerTest, ADecodedImageMayBeTurned) {
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  const FakeWork work{.id = 1, .queries = 500};
  JobRequest request = FakeRequest(work);
  std::swap(request.query.width, request.query.height);  // the header's word for it
  auto sink = std::make_shared<RecordingSink>();
  ASSERT_TRUE(RunFake(*scheduler, request, work, sink).ok());
  EXPECT_EQ(sink->Wait()->matches.at(0).score, FakeScore(work, 0));
}

TEST_F(SchedulerTest, TheSecondJobOfAFlowIsTheFirstTheOtherWayRound) {
  SchedulerOptions options;
  options.max_queued_jobs = 1;  // both are one place
  const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
  JobRequest request;
  request.spec = FlowSpec{.options = {}, .snapshots = {1, 2}, .both_ways = true};
  request.query = {300, 1};
  request.reference = {200, 1};
  auto ticket = scheduler->Reserve(request, [] { return PairDigest{}; });
  ASSERT_TRUE(ticket.ok());
  JobTicket backward = ticket->TakeBackward();
  EXPECT_EQ(backward.request.query.width, 200);
  EXPECT_EQ(backward.request.reference.width, 300);
  EXPECT_TRUE(std::get<FlowSpec>(backward.request.spec).snapshots.empty());
  EXPECT_EQ(std::get<FlowSpec>(ticket->request.spec).snapshots.size(), 2);
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (JobTicket* each : {&*ticket, &backward}) {
    sinks.push_back(std::make_shared<RecordingSink>());
    const FakeWork work{.id = static_cast<std::uint32_t>(sinks.size()), .queries = 300};
    SubmitFake(*scheduler, std::move(*each), work, sinks.back());
  }
  for (const auto& sink : sinks) EXPECT_TRUE(sink->Wait().ok());
}

TEST_F(SchedulerTest, RefusesMoreJobsOfAClientThanMayWait) {
  HoldTheEngine();
  SchedulerOptions options;
  options.max_queued_per_client = 1;
  auto sink = std::make_shared<RecordingSink>();
  const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
  const auto submit = [&](std::uint32_t id, const std::string& client) {
    JobRequest request = FakeRequest({.id = id});
    request.client = client;
    return RunFake(*scheduler, request, {.id = id}, sink).status().code();
  };
  EXPECT_EQ(submit(1, "a"), absl::StatusCode::kOk);
  stopped_.WaitForNotification();  // the first has left the queue
  EXPECT_EQ(submit(2, "a"), absl::StatusCode::kOk);
  EXPECT_EQ(submit(3, "a"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(submit(4, "b"), absl::StatusCode::kOk);
  go_.Notify();
}

TEST_F(SchedulerTest, ThePairCacheCanBeTurnedOff) {
  for (const bool cached : {true, false}) {
    SchedulerOptions options;
    if (!cached) options.pair_cache_bytes = 0;
    const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
    for (const bool again : {false, true}) {
      auto sink = std::make_shared<RecordingSink>();
      ASSERT_TRUE(RunFake(*scheduler, {.id = 1, .queries = 10}, sink).ok());
      EXPECT_EQ(sink->Wait()->statistics.cached, again && cached);
    }
  }
}

TEST_F(SchedulerTest, EncodesWhileItMatchesIfTheEngineAllowsIt) {
  engine_.overlap = EncodeOverlap::kAllowed;
  SchedulerOptions options;
  options.overlap_encoding = OverlapEncoding::kOn;
  const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
  auto first = std::make_shared<RecordingSink>();
  auto second = std::make_shared<RecordingSink>();
  // The second pair is held in the encoder until the first job is done.
  std::atomic<int> passes = 0;
  engine_.on_encode = [&] {
    if (++passes == 2) first->Wait().IgnoreError();
  };
  ASSERT_TRUE(RunFake(*scheduler, {.id = 1, .queries = 1'000'000}, first).ok());
  ASSERT_TRUE(RunFake(*scheduler, {.id = 2, .queries = 10}, second).ok());
  EXPECT_TRUE(first->Wait().ok());
  EXPECT_TRUE(second->Wait().ok());
}

TEST_F(SchedulerTest, ALostDeviceAnswersUnavailable) {
  for (const EncodeOverlap overlap : {EncodeOverlap::kNever, EncodeOverlap::kUseful}) {
    FakeEngine engine(&clock_);
    engine.overlap = overlap;
    const auto scheduler = Scheduler::Create(&engine, &clock_, {});
    const FakeWork broken{.id = 1, .queries = 10, .step_fails = true, .is_fatal = true};
    for (const FakeWork& work : {broken, FakeWork{.id = 2, .queries = 10}}) {
      auto sink = std::make_shared<RecordingSink>();
      ASSERT_TRUE(RunFake(*scheduler, work, sink).ok());
      EXPECT_EQ(sink->code(), absl::StatusCode::kUnavailable);
    }
    scheduler->Drain();
  }
}

// Keeps what the scheduler's threads say of themselves.
class ThreadCounter final : public SchedulerObserver {
 public:
  void OnThreadStart(const Progress& progress) override {
    ++running;
    progress_ = &progress;
  }
  void OnThreadEnd(const Progress&) override { --running; }
  const Progress& progress() const { return *progress_; }

  std::atomic<int> running = 0;

 private:
  std::atomic<const Progress*> progress_ = nullptr;
};

TEST_F(SchedulerTest, ShowsItsProgress) {
  HoldTheEngine();
  ThreadCounter threads;
  {
    const auto scheduler = Scheduler::Create(&engine_, &clock_, {}, &threads);
    auto sink = std::make_shared<RecordingSink>();
    ASSERT_TRUE(RunFake(*scheduler, {.id = 1, .queries = 10}, sink).ok());
    stopped_.WaitForNotification();
    EXPECT_TRUE(threads.progress().busy);
    EXPECT_EQ(threads.progress().steps, 0u);
    go_.Notify();
    scheduler->Drain();
    EXPECT_EQ(threads.progress().steps, 1u);
    EXPECT_EQ(threads.running, 1);
  }
  EXPECT_EQ(threads.running, 0);
}

TEST_F(SchedulerTest, CancelledHandlesMayComeLateAndOften) {
  auto sink = std::make_shared<RecordingSink>();
  std::shared_ptr<JobHandle> handle;
  {
    const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
    handle = *RunFake(*scheduler, {.id = 1, .queries = 10}, sink);
    sink->Wait().IgnoreError();
    handle->Cancel();
  }
  handle->Cancel();
  EXPECT_EQ(sink->calls(), 1);
}

TEST_F(SchedulerTest, ASinkMaySubmit) {
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  auto second = std::make_shared<RecordingSink>();
  auto first = std::make_shared<RecordingSink>(
      [&] { EXPECT_TRUE(RunFake(*scheduler, {.id = 2, .queries = 10}, second).ok()); });
  ASSERT_TRUE(RunFake(*scheduler, {.id = 1, .queries = 10}, first).ok());
  EXPECT_TRUE(second->Wait().ok());
}

}  // namespace
}  // namespace nemf
