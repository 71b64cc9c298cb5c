#include "server/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"

namespace nemf {
namespace {

TEST(ThreadPoolTest, RunsEveryAcceptedTask) {
  std::atomic<int> ran = 0;
  {
    ThreadPool pool({.threads = 3, .max_waiting = 1000});
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.TryRun({[&ran] { ++ran; }}));
  }
  EXPECT_EQ(ran, 500);
}

TEST(ThreadPoolTest, RefusesWhenFull) {
  absl::Notification started;
  absl::Notification go_on;
  std::atomic<int> ran = 0;
  {
    ThreadPool pool({.threads = 1, .max_waiting = 2});
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

TEST(ThreadPoolTest, TakesAllTasksOrNone) {
  absl::Notification started, go_on;
  std::atomic<int> ran = 0;
  const auto count = [&ran] { ++ran; };
  {
    ThreadPool pool({.threads = 1, .max_waiting = 3});
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

TEST(ThreadPoolOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(ThreadPoolOptions().Validate().ok());
  EXPECT_EQ(ThreadPoolOptions{.threads = 0}.Validate().message(),
            "ThreadPoolOptions.threads = 0, must be >= 1");
  EXPECT_EQ(ThreadPoolOptions{.max_waiting = 0}.Validate().message(),
            "ThreadPoolOptions.max_waiting = 0, must be >= 1");
}

}  // namespace
}  // namespace nemf
