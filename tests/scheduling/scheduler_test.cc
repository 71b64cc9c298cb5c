#include "server/scheduling/scheduler.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_engine.h"
#include "tests/testing/recording_sink.h"

namespace nemf {
namespace {

class SchedulerTest : public ::testing::Test {
 protected:
  Job MakeJob(const FakeWork& work, std::shared_ptr<RecordingSink> sink) {
    Job job;
    job.pair = FakePair(work);
    job.sink = std::move(sink);
    return job;
  }

  // Lets the engine stop in its first call until `go_` is notified.
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
  ASSERT_TRUE(scheduler->Submit(MakeJob(work, sink)).ok());
  EXPECT_EQ(sink->Wait()->matches.at(0).score, FakeScore(work, 0));
}

TEST_F(SchedulerTest, RefusesWhatIsLateAtOnce) {
  auto sink = std::make_shared<RecordingSink>();
  const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
  Job job = MakeJob({.id = 1}, sink);
  job.deadline = clock_.Now();
  EXPECT_EQ(scheduler->Submit(std::move(job)).status().code(), absl::StatusCode::kDeadlineExceeded);
  scheduler->Drain();
  EXPECT_EQ(sink->calls(), 0);
}

TEST_F(SchedulerTest, RefusesWhatTheQueueCannotHold) {
  HoldTheEngine();
  SchedulerOptions options;
  options.max_queued_jobs = 2;
  auto sink = std::make_shared<RecordingSink>();
  const auto scheduler = Scheduler::Create(&engine_, &clock_, options);
  ASSERT_TRUE(scheduler->Submit(MakeJob({.id = 1}, sink)).ok());
  stopped_.WaitForNotification();  // the first has left the queue
  EXPECT_TRUE(scheduler->Submit(MakeJob({.id = 2}, sink)).ok());
  EXPECT_TRUE(scheduler->Submit(MakeJob({.id = 3}, sink)).ok());
  EXPECT_EQ(scheduler->Submit(MakeJob({.id = 4}, sink)).status().code(),
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
    ASSERT_TRUE(scheduler->Submit(MakeJob({.id = id, .queries = 200000}, sinks.back())).ok());
  }
  stopped_.WaitForNotification();
  std::thread drain([&] { scheduler->Drain(); });
  // Accepted until the other thread's Drain() begins.
  absl::Status status;
  while (status.ok()) {
    auto sink = std::make_shared<RecordingSink>();
    status = scheduler->Submit(MakeJob({.id = 100}, sink)).status();
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

TEST_F(SchedulerTest, CancelledHandlesMayComeLateAndOften) {
  auto sink = std::make_shared<RecordingSink>();
  std::shared_ptr<JobHandle> handle;
  {
    const auto scheduler = Scheduler::Create(&engine_, &clock_, {});
    handle = *scheduler->Submit(MakeJob({.id = 1, .queries = 10}, sink));
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
      [&] { EXPECT_TRUE(scheduler->Submit(MakeJob({.id = 2, .queries = 10}, second)).ok()); });
  ASSERT_TRUE(scheduler->Submit(MakeJob({.id = 1, .queries = 10}, first)).ok());
  EXPECT_TRUE(second->Wait().ok());
}

}  // namespace
}  // namespace nemf
