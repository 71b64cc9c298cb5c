#ifndef NEMF_SERVER_BASE_THREAD_POOL_H_
#define NEMF_SERVER_BASE_THREAD_POOL_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace nemf {

struct ThreadPoolOptions {
  int threads = 2;  // >= 1

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// A few threads for the work of requests that takes milliseconds (decoding images), which would
// hold up every other call on gRPC's own threads.
class ThreadPool {
 public:
  // Requires options.Validate().ok().
  explicit ThreadPool(const ThreadPoolOptions& options);
  // Runs the queued tasks, then joins the threads.
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Queues a task. The queue has no bound: callers bound what they have in flight. Does not block;
  // safe from any thread.
  void Run(absl::AnyInvocable<void()> task);

 private:
  void Work();
  bool MayGoOn() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closing_ || !waiting_.empty();
  }

  const ThreadPoolOptions options_;
  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_THREAD_POOL_H_
