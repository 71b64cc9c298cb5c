#include "server/scheduling/watchdog.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace nemf {

bool StallDetector::Tick() {
  bool stalled = false;
  for (auto& [progress, seen] : threads_) {
    const std::uint64_t steps = progress->steps;
    const bool still = progress->busy && steps == seen.steps;
    seen.steps = steps;
    seen.ticks = still ? seen.ticks + 1 : 0;
    stalled = stalled || seen.ticks > kTicks;
  }
  return stalled;
}

absl::Status WatchdogOptions::Validate() const {
  if (patience >= absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "WatchdogOptions.patience = ", absl::FormatDuration(patience), ", must be >= 0"));
}

Watchdog::Watchdog(const WatchdogOptions& options, Actions actions)
    : options_(options), actions_(std::move(actions)), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void Watchdog::OnDeviceLost(const absl::Status& error) {
  absl::MutexLock lock(&mutex_);
  lost_.Update(error);
}

void Watchdog::OnThreadStart(const Progress& progress) {
  absl::MutexLock lock(&mutex_);
  detector_.Add(&progress);
}

void Watchdog::OnThreadEnd(const Progress& progress) {
  absl::MutexLock lock(&mutex_);
  detector_.Remove(&progress);
}

void Watchdog::Watch() {
  const absl::Status reason = AwaitReason();
  if (reason.ok()) return;
  actions_.alarm();
  // On a thread of its own, so that the last resort does not wait for a log that blocks.
  std::thread report([&] { actions_.report(reason); });
  bool ended = false;
  {
    absl::MutexLock lock(&mutex_);
    ended = mutex_.AwaitWithTimeout(absl::Condition(&stopping_), actions_.grace);
  }
  if (!ended) actions_.last_resort();
  report.join();
}

absl::Status Watchdog::AwaitReason() {
  const absl::Duration interval = options_.patience > absl::ZeroDuration()
                                      ? options_.patience / StallDetector::kTicks
                                      : absl::InfiniteDuration();
  absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(this, &Watchdog::HasEvent), interval)) {
    if (detector_.Tick()) {
      return absl::InternalError(absl::StrCat("the scheduler made no progress for ",
                                              absl::FormatDuration(options_.patience)));
    }
  }
  return lost_;
}

}  // namespace nemf
