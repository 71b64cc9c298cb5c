#ifndef NEMF_SERVER_SERVICE_CALL_GATE_H_
#define NEMF_SERVER_SERVICE_CALL_GATE_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace nemf {

// Counts the calls in flight, so that a shutdown can let them finish. gRPC's own shutdown would
// wait for idle streams of health watchers and reflection clients as well. Thread-safe.
class CallGate {
 public:
  // One call in flight; leaves when it is destroyed. The gate outlives it.
  class Slot {
   public:
    explicit Slot(CallGate* gate) : gate_(gate) {}
    ~Slot() { gate_->Leave(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    CallGate* gate_;
  };

  // Null once the gate is closed.
  std::unique_ptr<Slot> Enter() {
    absl::MutexLock lock(&mutex_);
    if (closed_) return nullptr;
    ++inside_;
    return std::make_unique<Slot>(this);
  }

  // Lets nobody in any more.
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  // Waits until every call has left, or for `patience`; returns whether all have.
  bool AwaitEmpty(absl::Duration patience) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(this, &CallGate::Empty), patience);
  }

 private:
  void Leave() {
    absl::MutexLock lock(&mutex_);
    --inside_;
  }
  bool Empty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return inside_ == 0; }

  absl::Mutex mutex_;
  int inside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CALL_GATE_H_
