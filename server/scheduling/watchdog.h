#ifndef NEMF_SERVER_SCHEDULING_WATCHDOG_H_
#define NEMF_SERVER_SCHEDULING_WATCHDOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/scheduling/observer.h"

namespace nemf {

// Detects threads that are busy and make no progress. Counts ticks instead of reading a clock, so
// that neither a clock that is set nor a process that was stopped for a while looks like a stall.
// Not thread-safe.
class StallDetector {
 public:
  static constexpr int kTicks = 8;

  void Add(const Progress* progress) { threads_[progress] = {}; }
  void Remove(const Progress* progress) { threads_.erase(progress); }

  // Must be called at even intervals. Returns whether a thread was busy and made no step for kTicks
  // whole intervals.
  bool Tick();

 private:
  struct Seen {
    std::uint64_t steps = 0;
    int ticks = 0;  // consecutive ticks at which it was busy with this number of steps
  };
  std::map<const Progress*, Seen> threads_;
};

struct WatchdogOptions {
  // Time that one tick may take, with its quantum of matching and its encoder batch; >= 0; 0: no
  // limit.
  absl::Duration patience = absl::Minutes(2);

  // Returns INVALID_ARGUMENT that names the broken rule.
  absl::Status Validate() const;
};

// Observes schedulers for faults that need a new process: a thread that makes no progress, and a
// lost device. Reacts to the first one only, on a thread of its own.
class Watchdog final : public SchedulerObserver {
 public:
  struct Actions {
    std::function<void()> alarm;  // called first; must not block
    // Called after the alarm. It may block: nothing waits for it except the destructor.
    std::function<void(const absl::Status& reason)> report;
    absl::Duration grace = absl::Seconds(5);
    std::function<void()> last_resort;  // called if the watchdog still exists `grace` later
  };

  Watchdog(const WatchdogOptions& options, Actions actions);
  ~Watchdog() override;

  void OnDeviceLost(const absl::Status& error) override;
  void OnThreadStart(const Progress& progress) override;
  void OnThreadEnd(const Progress& progress) override;

 private:
  void Watch();
  // Blocks until there is a fault, and returns it; OK if the watchdog is destroyed before.
  absl::Status AwaitReason();
  bool HasEvent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !lost_.ok(); }

  const WatchdogOptions options_;
  const Actions actions_;
  absl::Mutex mutex_;
  StallDetector detector_ ABSL_GUARDED_BY(mutex_);
  absl::Status lost_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_WATCHDOG_H_
