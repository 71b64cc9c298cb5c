#include "server/scheduling/watchdog.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "server/engine/fatal_error.h"

namespace nemf {
namespace {

// Whether an alarm comes within `ticks`.
bool Alarms(StallDetector& detector, int ticks) {
  for (int i = 0; i < ticks; ++i) {
    if (detector.Tick()) return true;
  }
  return false;
}

TEST(StallDetectorTest, AnIdleThreadMayRest) {
  StallDetector detector;
  Progress progress;
  detector.Add(&progress);
  EXPECT_FALSE(Alarms(detector, 100));
}

TEST(StallDetectorTest, ABusyThreadMustMove) {
  StallDetector detector;
  Progress progress;
  detector.Add(&progress);
  progress.busy = true;
  EXPECT_FALSE(Alarms(detector, StallDetector::kTicks));
  EXPECT_TRUE(Alarms(detector, 1));
}

TEST(StallDetectorTest, AStepIsEnough) {
  StallDetector detector;
  Progress progress;
  detector.Add(&progress);
  progress.busy = true;
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(Alarms(detector, StallDetector::kTicks));
    ++progress.steps;
  }
}

TEST(StallDetectorTest, EachThreadIsWatched) {
  StallDetector detector;
  Progress moving;
  Progress stuck;
  detector.Add(&moving);
  detector.Add(&stuck);
  moving.busy = true;
  stuck.busy = true;
  bool alarm = false;
  for (int i = 0; i <= StallDetector::kTicks; ++i) {
    ++moving.steps;
    alarm = detector.Tick();
  }
  EXPECT_TRUE(alarm);
  detector.Remove(&stuck);
  ++moving.steps;
  EXPECT_FALSE(detector.Tick());
}

class WatchdogTest : public ::testing::Test {
 protected:
  Watchdog::Actions Actions(absl::Duration grace) {
    return {.alarm = [this] { alarmed_.Notify(); },
            .report =
                [this](const absl::Status& reason) {
                  reason_ = reason;
                  reported_.Notify();
                },
            .grace = grace,
            .last_resort = [this] { gave_up_.Notify(); }};
  }

  absl::Status reason_;
  absl::Notification alarmed_;
  absl::Notification reported_;
  absl::Notification gave_up_;
};

TEST_F(WatchdogTest, ReportsALostDeviceAtOnce) {
  Watchdog watchdog({.patience = absl::ZeroDuration()}, Actions(absl::Hours(1)));
  watchdog.OnDeviceLost(FatalError(absl::InternalError("unspecified launch failure")));
  reported_.WaitForNotification();
  EXPECT_TRUE(alarmed_.HasBeenNotified());
  EXPECT_EQ(reason_.message(), "unspecified launch failure");
  EXPECT_FALSE(gave_up_.HasBeenNotified());
}

TEST_F(WatchdogTest, ReportsAStall) {
  Watchdog watchdog({.patience = absl::Milliseconds(8)}, Actions(absl::Hours(1)));
  Progress progress;
  progress.busy = true;
  watchdog.OnThreadStart(progress);
  reported_.WaitForNotification();
  EXPECT_EQ(reason_.message(), "the scheduler made no progress for 8ms");
  watchdog.OnThreadEnd(progress);
}

TEST_F(WatchdogTest, GivesUpAfterTheGrace) {
  Watchdog watchdog({.patience = absl::ZeroDuration()}, Actions(absl::Milliseconds(1)));
  watchdog.OnDeviceLost(absl::InternalError("gone"));
  gave_up_.WaitForNotification();
  EXPECT_TRUE(alarmed_.HasBeenNotified());
}

TEST_F(WatchdogTest, ActsAlthoughTheLogBlocks) {
  absl::Notification log_continues;
  Watchdog::Actions actions = Actions(absl::Milliseconds(1));
  actions.report = [&](const absl::Status&) { log_continues.WaitForNotification(); };
  {
    Watchdog watchdog({.patience = absl::ZeroDuration()}, actions);
    watchdog.OnDeviceLost(absl::InternalError("gone"));
    alarmed_.WaitForNotification();
    gave_up_.WaitForNotification();
    log_continues.Notify();
  }
}

TEST_F(WatchdogTest, EndsWithoutAnAlarm) {
  {
    Watchdog watchdog({.patience = absl::Hours(1)}, Actions(absl::Hours(1)));
    Progress progress;
    progress.busy = true;
    watchdog.OnThreadStart(progress);
    watchdog.OnThreadEnd(progress);
  }
  EXPECT_FALSE(alarmed_.HasBeenNotified());
}

TEST(WatchdogOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(WatchdogOptions().Validate().ok());
  const absl::Status status = WatchdogOptions{.patience = -absl::Seconds(1)}.Validate();
  EXPECT_EQ(status.message(), "WatchdogOptions.patience = -1s, must be >= 0");
}

}  // namespace
}  // namespace nemf
