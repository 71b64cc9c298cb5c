#ifndef NEMF_SERVER_BASE_SERIAL_EXECUTOR_H_
#define NEMF_SERVER_BASE_SERIAL_EXECUTOR_H_

#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace nemf {

// One thread that runs tasks in the order of their submission and, when `period` has passed since
// the last poll ended, a poll. No two of them run at the same time. Thread-safe.
class SerialExecutor {
 public:
  // An executor without polls.
  SerialExecutor() : SerialExecutor(absl::InfiniteDuration(), nullptr) {}
  // With an infinite period there are no polls.
  SerialExecutor(absl::Duration period, std::function<void()> poll);
  // Runs the queued tasks, then joins the thread.
  ~SerialExecutor();

  SerialExecutor(const SerialExecutor&) = delete;
  SerialExecutor& operator=(const SerialExecutor&) = delete;

  // Queues a task. Does not block.
  void Run(absl::AnyInvocable<void()> task);

 private:
  void Work();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_ || !tasks_.empty(); }

  const absl::Duration period_;
  const std::function<void()> poll_;
  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread worker_;  // the last member: it uses the others
};

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_SERIAL_EXECUTOR_H_
