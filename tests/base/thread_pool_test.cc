#include "server/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"

namespace nemf {
namespace {

TEST(WorkerPoolTest, RunsEveryAcceptedTask) {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool({.threads = 3, .max_waiting = 1000});
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.TryRun({[&ran] { ++ran; }}));
  }
  EXPECT_EQ(ran, 500);
}

TEST(WorkerPoolTest, RefusesWhenFull) {
  absl::Notification started;
  absl::Notification go_on;
  std::atomic<int> ran = 0;
  {
    WorkerPool pool({.threads = 1, .max_waiting = 2});
    ASSERT_TRUE(pool.TryRun({[&] {
      started.Notify();
      go_on.WaitForNotification();
    }}));
    started.WaitForNotification();
    EXPECT_TRUE(pool.TryRun({[&ran] { ++ran; }}));
    EXPECT_TRUE(pool.TryRun({[&ran] { ++ran; }}));
    EXPECT_FALSE(pool.TryRun({[&ran] { ++ran; }}));
    go_on.Notify();
  }
  EXPECT_EQ(ran, 2);
}

TEST(WorkerPoolTest, TakesAllTasksOrNone) {
  absl::Notification started, go_on;
  std::atomic<int> ran = 0;
  const auto count = [&ran] { ++ran; };
  {
    WorkerPool pool({.threads = 1, .max_waiting = 3});
    ASSERT_TRUE(pool.TryRun({[&] {
      started.Notify();
      go_on.WaitForNotification();
    }}));
    started.WaitForNotification();
    EXPECT_TRUE(pool.TryRun({count, count}));
    EXPECT_FALSE(pool.TryRun({count, count}));
    EXPECT_TRUE(pool.TryRun({count}));
    go_on.Notify();
  }
  EXPECT_EQ(ran, 3);
}

TEST(WorkerPoolOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(WorkerPoolOptions().Validate().ok());
  EXPECT_EQ(WorkerPoolOptions{.threads = 0}.Validate().message(),
            "WorkerPoolOptions.threads = 0, must be >= 1");
  EXPECT_EQ(WorkerPoolOptions{.max_waiting = 0}.Validate().message(),
            "WorkerPoolOptions.max_waiting = 0, must be >= 1");
}

}  // namespace
}  // namespace nemf
