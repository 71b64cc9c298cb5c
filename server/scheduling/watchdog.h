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

// Finds threads that are busy and make no progress. It counts ticks instead of reading a clock, so
// a clock that is set and a process that was stopped for a while raise no alarm. Not safe for
// threads.
class StallDetector {
 public:
  static constexpr int kTicks = 8;

  void Add(const Progress* progress) { threads_[progress] = {}; }
  void Remove(const Progress* progress) { threads_.erase(progress); }

  // To be called at even intervals. Whether some thread was busy and made no step for kTicks whole
  // intervals.
  bool Tick();

 private:
  struct Seen {
    std::uint64_t steps = 0;
    int ticks = 0;  // at which it was busy with the same number of steps
  };
  std::map<const Progress*, Seen> threads_;
};

struct WatchdogOptions {
  // Time that one tick may take, with its quantum of matching and its encoder batch; >= 0; 0: no
  // limit.
  absl::Duration patience = absl::Minutes(2);

  // INVALID_ARGUMENT that names the broken rule.
  absl::Status Validate() const;
};

// Watches schedulers, as their observer, for what only a new process can mend: a thread that makes
// no progress, and a lost device. Raises one alarm in its life, from its own thread.
class Watchdog final : public SchedulerObserver {
 public:
  struct Actions {
    std::function<void(const absl::Status& reason)> alarm;  // once; must not block
    absl::Duration grace = absl::Seconds(5);
    std::function<void()> last_resort;  // when the watchdog still lives so long after the alarm
  };

  Watchdog(const WatchdogOptions& options, Actions actions);
  ~Watchdog() override;

  void OnDeviceLost(const absl::Status& error) override;
  void OnThreadStart(const Progress& progress) override;
  void OnThreadEnd(const Progress& progress) override;

 private:
  void Watch();
  // Waits for a reason to raise the alarm; OK where there was none until the end.
  absl::Status AwaitReason();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !lost_.ok(); }

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
