#ifndef NEMF_SERVER_BASE_THREAD_POOL_H_
#define NEMF_SERVER_BASE_THREAD_POOL_H_

#include <deque>
#include <functional>
#include <initializer_list>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace nemf {

struct ThreadPoolOptions {
  int threads = 2;        // >= 1
  int max_waiting = 512;  // tasks that wait for a thread, >= 1

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// A few threads for the work of requests that takes milliseconds (decoding images), which would
// hold up every other call on gRPC's own threads.
class ThreadPool {
 public:
  // Requires options.Validate().ok().
  explicit ThreadPool(const ThreadPoolOptions& options);
  // Runs every accepted task, then joins the threads.
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Queues the tasks, or none of them and returns false where more than `max_waiting` would wait
  // then. Does not block; safe from any thread.
  bool TryRun(std::initializer_list<std::function<void()>> tasks);

 private:
  void Work();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closing_ || !waiting_.empty();
  }

  const ThreadPoolOptions options_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_THREAD_POOL_H_
