#include "server/base/serial_executor.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace nemf {
namespace {

TEST(SerialExecutorTest, RunsTasksInTheirOrderAndAllBeforeItsEnd) {
  std::vector<int> ran;  // used by the executor's thread only, until it is joined
  {
    SerialExecutor executor;
    for (int i = 0; i < 1000; ++i) executor.Run([&ran, i] { ran.push_back(i); });
  }
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(ran, expected);
}

TEST(SerialExecutorTest, TakesTasksThatCannotBeCopied) {
  int value = 0;
  {
    SerialExecutor executor;
    executor.Run([&value, owned = std::make_unique<int>(7)] { value = *owned; });
  }
  EXPECT_EQ(value, 7);
}

TEST(SerialExecutorTest, RunDoesNotWaitForTasks) {
  absl::Notification go_on;
  SerialExecutor executor;
  executor.Run([&go_on] { go_on.WaitForNotification(); });
  executor.Run([] {});
  go_on.Notify();
}

TEST(SerialExecutorTest, Polls) {
  absl::Notification polled;
  SerialExecutor executor(absl::Milliseconds(1), [&polled] {
    if (!polled.HasBeenNotified()) polled.Notify();
  });
  polled.WaitForNotification();
}

}  // namespace
}  // namespace nemf
