#include "server/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"

namespace nemf {
namespace {

TEST(ThreadPoolTest, RunsEveryTask) {
  std::atomic<int> ran = 0;
  {
    ThreadPool pool({.threads = 3});
    for (int i = 0; i < 500; ++i) pool.Run([&ran] { ++ran; });
  }
  EXPECT_EQ(ran, 500);
}

TEST(ThreadPoolTest, RunsTasksSideBySide) {
  ThreadPool pool({.threads = 2});
  absl::Notification first, second;
  // Each waits for the other: with one thread neither would end.
  pool.Run([&] {
    first.Notify();
    second.WaitForNotification();
  });
  pool.Run([&] {
    second.Notify();
    first.WaitForNotification();
  });
  first.WaitForNotification();
  second.WaitForNotification();
}

TEST(ThreadPoolOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(ThreadPoolOptions().Validate().ok());
  EXPECT_EQ(ThreadPoolOptions{.threads = 0}.Validate().message(),
            "ThreadPoolOptions.threads = 0, must be >= 1");
}

}  // namespace
}  // namespace nemf
