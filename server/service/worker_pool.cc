#include "server/service/worker_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/service/spread_threads.h"

namespace nemf {

absl::Status WorkerPoolOptions::Validate() const {
  if (threads < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("WorkerPoolOptions.threads = ", threads, ", must be >= 1"));
  }
  if (max_waiting < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("WorkerPoolOptions.max_waiting = ", max_waiting, ", must be >= 1"));
  }
  return absl::OkStatus();
}

WorkerPool::WorkerPool(const WorkerPoolOptions& options) : options_(options) {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this, i] {
      SpreadThread(i, options_.threads);
      Work();
    });
  }
}

WorkerPool::~WorkerPool() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::TryRun(std::initializer_list<std::function<void()>> tasks) {
  absl::MutexLock lock(&mutex_);
  if (waiting_.size() + tasks.size() > static_cast<std::size_t>(options_.max_waiting)) return false;
  waiting_.insert(waiting_.end(), tasks);
  return true;
}

void WorkerPool::Work() {
  while (true) {
    std::function<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WorkerPool::HasNews));
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task();
  }
}

}  // namespace nemf
