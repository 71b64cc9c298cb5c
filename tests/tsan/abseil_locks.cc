// Describes to ThreadSanitizer what Abseil's locks order. The distribution's Abseil is not
// instrumented: without this file every value that a mutex guards would count as a race. The linker
// redirects the calls of the objects to these functions (--wrap, see CMakeLists.txt). They make the
// annotations that Abseil makes when it is compiled with the sanitizer. No report is suppressed: an
// access outside the lock is still a race, and a condition's reads count as reads under the lock.
//
// This file is compiled without the sanitizer, which would otherwise take its spin lock for an
// order between threads that the server does not have.

#include <sanitizer/tsan_interface.h>

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

// Exported by the sanitizer; no header declares them.
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}

// Declares Real<name>, which is abseil's own function, and Wrap<name>, which is called in its
// place. The build reads the symbols from these lines. One that abseil does not have (its version
// is part of them) fails to link here, rather than being left out in silence.
#define WRAPPED(name, symbol, result, ...)                  \
  result Real##name(__VA_ARGS__) __asm__("__real_" symbol); \
  result Wrap##name(__VA_ARGS__) __asm__("__wrap_" symbol)

namespace nemf {

using absl::Condition;
using absl::Mutex;
using absl::Notification;

WRAPPED(Lock, "_ZN4absl7debian35Mutex4LockEv", void, Mutex*);
WRAPPED(Unlock, "_ZN4absl7debian35Mutex6UnlockEv", void, Mutex*);
WRAPPED(ReaderLock, "_ZN4absl7debian35Mutex10ReaderLockEv", void, Mutex*);
WRAPPED(ReaderUnlock, "_ZN4absl7debian35Mutex12ReaderUnlockEv", void, Mutex*);
WRAPPED(Destroy, "_ZN4absl7debian35MutexD1Ev", void, Mutex*);
WRAPPED(Await, "_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE", void, Mutex*, const Condition&);
WRAPPED(AwaitTimeout, "_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE",
        bool, Mutex*, const Condition&, absl::Duration);
WRAPPED(AwaitDeadline, "_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE",
        bool, Mutex*, const Condition&, absl::Time);
WRAPPED(DestroyNotification, "_ZN4absl7debian312NotificationD1Ev", void, Notification*);
WRAPPED(Notify, "_ZN4absl7debian312Notification6NotifyEv", void, Notification*);
WRAPPED(Wait, "_ZNK4absl7debian312Notification19WaitForNotificationEv", void, const Notification*);
WRAPPED(WaitTimeout,
        "_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE", bool,
        const Notification*, absl::Duration);
WRAPPED(Unref, "_ZN4absl7debian36Status15UnrefNonInlinedEm", void, std::uintptr_t);

namespace {

constexpr unsigned kWrite = 0;
constexpr unsigned kRead = __tsan_mutex_read_lock;
// A condition is evaluated by whoever holds the lock: that is no new lock order.
constexpr unsigned kEvaluate = __tsan_mutex_try_read_lock;

// Makes the sanitizer ignore reads and writes while an object lives. It sees memmove() and similar
// functions in Abseil too, and would otherwise report accesses to Abseil's own data.
class LookAway {
 public:
  LookAway() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  LookAway(const LookAway&) = delete;
  LookAway& operator=(const LookAway&) = delete;
  ~LookAway() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
};

void Relock(Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, kWrite);
  __tsan_mutex_post_lock(mutex, kWrite, 0);
}

// A condition is evaluated by its waiter or by a thread that unlocks, inside what was annotated as
// an unlock. The lock is annotated as taken again while the condition reads.
class ToldCondition {
 public:
  ToldCondition(Mutex* mutex, const Condition& condition)
      : mutex_(mutex), condition_(condition), told_(&Evaluate, static_cast<void*>(this)) {}

  const Condition& told() const { return told_; }

 private:
  static bool Evaluate(void* argument) {
    const auto* self = static_cast<const ToldCondition*>(argument);
    __tsan_mutex_post_unlock(self->mutex_, kWrite);
    __tsan_mutex_pre_lock(self->mutex_, kEvaluate);
    __tsan_mutex_post_lock(self->mutex_, kEvaluate, 0);
    const bool holds = self->condition_.Eval();
    __tsan_mutex_pre_unlock(self->mutex_, kRead);
    return holds;
  }

  Mutex* const mutex_;
  const Condition& condition_;
  const Condition told_;
};

// HasBeenNotified() is inline and reads the flag behind the mutex: there its acquire is seen.
void* FlagOf(const Notification* notification) {
  static_assert(sizeof(Notification) == 2 * sizeof(Mutex));
  return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(notification) + sizeof(Mutex));
}

std::atomic_flag unref_lock = ATOMIC_FLAG_INIT;

}  // namespace

void WrapLock(Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, kWrite);
  RealLock(mutex);
  __tsan_mutex_post_lock(mutex, kWrite, 0);
}

void WrapUnlock(Mutex* mutex) {
  __tsan_mutex_pre_unlock(mutex, kWrite);
  RealUnlock(mutex);
  __tsan_mutex_post_unlock(mutex, kWrite);
}

void WrapReaderLock(Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, kRead);
  RealReaderLock(mutex);
  __tsan_mutex_post_lock(mutex, kRead, 0);
}

void WrapReaderUnlock(Mutex* mutex) {
  __tsan_mutex_pre_unlock(mutex, kRead);
  RealReaderUnlock(mutex);
  __tsan_mutex_post_unlock(mutex, kRead);
}

void WrapDestroy(Mutex* mutex) {
  __tsan_mutex_destroy(mutex, __tsan_mutex_not_static);
  const LookAway away;
  RealDestroy(mutex);
}

// Only writers wait here; a reader's wait would be reported as the wrong kind of unlock.
void WrapAwait(Mutex* mutex, const Condition& condition) {
  const ToldCondition told(mutex, condition);
  __tsan_mutex_pre_unlock(mutex, kWrite);
  RealAwait(mutex, told.told());
  __tsan_mutex_post_unlock(mutex, kWrite);
  Relock(mutex);
}

bool WrapAwaitTimeout(Mutex* mutex, const Condition& condition, absl::Duration timeout) {
  const ToldCondition told(mutex, condition);
  __tsan_mutex_pre_unlock(mutex, kWrite);
  const bool holds = RealAwaitTimeout(mutex, told.told(), timeout);
  __tsan_mutex_post_unlock(mutex, kWrite);
  Relock(mutex);
  return holds;
}

bool WrapAwaitDeadline(Mutex* mutex, const Condition& condition, absl::Time deadline) {
  const ToldCondition told(mutex, condition);
  __tsan_mutex_pre_unlock(mutex, kWrite);
  const bool holds = RealAwaitDeadline(mutex, told.told(), deadline);
  __tsan_mutex_post_unlock(mutex, kWrite);
  Relock(mutex);
  return holds;
}

void WrapDestroyNotification(Notification* notification) {
  const LookAway away;
  RealDestroyNotification(notification);
}

void WrapNotify(Notification* notification) {
  __tsan_release(FlagOf(notification));
  const LookAway away;
  RealNotify(notification);
}

void WrapWait(const Notification* notification) {
  {
    const LookAway away;
    RealWait(notification);
  }
  __tsan_acquire(FlagOf(notification));
}

bool WrapWaitTimeout(const Notification* notification, absl::Duration timeout) {
  const LookAway away;
  const bool notified = RealWaitTimeout(notification, timeout);
  if (notified) __tsan_acquire(FlagOf(notification));
  return notified;
}

// The thread that drops the last reference frees what the others have read. The lock, which the
// sanitizer does not see, makes the annotated order the order in which references are dropped.
void WrapUnref(std::uintptr_t rep) {
  while (unref_lock.test_and_set(std::memory_order_acquire)) {
  }
  // The reference count's address; the word that a status holds has the lowest bit set.
  void* const shared = reinterpret_cast<void*>(rep - 1);
  __tsan_release(shared);
  __tsan_acquire(shared);
  RealUnref(rep);
  unref_lock.clear(std::memory_order_release);
}

}  // namespace nemf
