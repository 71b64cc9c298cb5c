#ifndef NEMF_SERVER_SERVICE_WORKER_POOL_H_
#define NEMF_SERVER_SERVICE_WORKER_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace nemf {

struct WorkerPoolOptions {
  int threads = 2;        // >= 1
  int max_waiting = 256;  // tasks that wait for a thread, >= 1

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// A few threads for the work of requests that takes milliseconds (decoding images), which would
// hold up every other call on gRPC's own threads.
class WorkerPool {
 public:
  // Requires options.Validate().ok().
  explicit WorkerPool(const WorkerPoolOptions& options);
  // Runs every accepted task, then joins the threads.
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues the task, or returns false when `max_waiting` tasks wait already. Does not block; safe
  // from any thread.
  bool TryRun(std::function<void()> task);

  // Gives the task to a thread that has nothing to do, or returns false where there is none. Does
  // not block; safe from any thread.
  bool TryRunAtOnce(std::function<void()> task);

 private:
  void Work();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closing_ || !waiting_.empty();
  }

  const WorkerPoolOptions options_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;  // threads that wait for a task
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_WORKER_POOL_H_
