#ifndef NEMF_SERVER_SERVICE_RPC_IN_FLIGHT_CALLS_H_
#define NEMF_SERVER_SERVICE_RPC_IN_FLIGHT_CALLS_H_

#include <algorithm>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace nemf {

// Counts the calls in flight, so that a shutdown can wait for them. gRPC's own shutdown also waits
// for idle streams of health watchers and reflection clients. Thread-safe.
class InFlightCalls {
 public:
  // One call in flight, until it is destroyed. The gate outlives it.
  class Slot {
   public:
    explicit Slot(InFlightCalls* gate) : gate_(gate) {}
    ~Slot() { gate_->Leave(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    InFlightCalls* gate_;
  };

  // Returns null once the gate is closed.
  std::unique_ptr<Slot> Enter() {
    absl::MutexLock lock(&mutex_);
    last_asked_ = absl::Now();
    if (closed_) return nullptr;
    ++inside_;
    return std::make_unique<Slot>(this);
  }

  // Refuses all calls from now on.
  void Close() {
    absl::MutexLock lock(&mutex_);
    last_asked_ = absl::Now();
    closed_ = true;
  }

  // Waits until no call came for `quiet`, but at most for `patience`. gRPC drops calls that reach
  // it while it shuts down, with a status that clients do not retry. They do retry the gate's
  // refusals, later or elsewhere, so the gate stays until the clients have got them.
  void AwaitQuiet(absl::Duration quiet, absl::Duration patience) {
    const absl::Time end = absl::Now() + patience;
    while (true) {
      const absl::Time wanted = std::min(LastAsked() + quiet, end);
      if (absl::Now() >= wanted) return;
      absl::SleepFor(wanted - absl::Now());
    }
  }

  // Waits until every call has left, at most for `patience`. Returns whether all have.
  bool AwaitEmpty(absl::Duration patience) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(this, &InFlightCalls::Empty), patience);
  }

 private:
  void Leave() {
    absl::MutexLock lock(&mutex_);
    --inside_;
  }
  absl::Time LastAsked() {
    absl::MutexLock lock(&mutex_);
    return last_asked_;
  }
  bool Empty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return inside_ == 0; }

  absl::Mutex mutex_;
  int inside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_asked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_IN_FLIGHT_CALLS_H_
