#include "server/base/serial_executor.h"

#include <utility>

namespace nemf {

SerialExecutor::SerialExecutor(absl::Duration period, std::function<void()> poll)
    : period_(period), poll_(std::move(poll)), worker_([this] { Work(); }) {}

SerialExecutor::~SerialExecutor() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  worker_.join();
}

void SerialExecutor::Run(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void SerialExecutor::Work() {
  absl::Time next_poll = absl::Now() + period_;
  for (;;) {
    absl::AnyInvocable<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithDeadline(absl::Condition(this, &SerialExecutor::HasNews), next_poll);
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      } else if (closing_) {
        return;
      }
    }
    if (task) {
      task();
    } else {
      poll_();
      next_poll = absl::Now() + period_;
    }
  }
}

}  // namespace nemf
