#ifndef NEMF_SERVER_ENGINE_CPU_THREAD_TEAM_H_
#define NEMF_SERVER_ENGINE_CPU_THREAD_TEAM_H_

#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace nemf::cpu {

// Threads that share the parts of one job at a time. The caller is one of them, so that small jobs
// wake no other thread. OpenMP is not used, because a program that links another OpenMP library
// than LibTorch's would run two teams.
class ThreadTeam {
 public:
  // `workers` >= 1, including the caller. `prepare` runs once on every other thread, before its
  // first part, and on the caller's thread at the start of every Run().
  ThreadTeam(int workers, std::function<void()> prepare);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int workers() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls work(part, worker) for every part in [0, parts), each on one worker in [0, workers()),
  // and returns when all calls have returned. Returns INTERNAL with the text of an exception if one
  // is thrown; parts that have not begun are then skipped. Must be called from one thread at a
  // time.
  absl::Status Run(int parts, absl::FunctionRef<void(int part, int worker)> work);

 private:
  using Work = absl::FunctionRef<void(int, int)>;

  void Serve(int worker);
  // Waits for the next part and returns it, or -1 when the team is being destroyed.
  int AwaitPart() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the next part, or -1 if all have begun.
  int TakePart() ABSL_LOCKS_EXCLUDED(mutex_);
  void DoPart(int part, int worker) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::function<void()> prepare_;
  absl::Mutex mutex_;
  const Work* work_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int parts_ ABSL_GUARDED_BY(mutex_) = 0;
  int next_part_ ABSL_GUARDED_BY(mutex_) = 0;
  int parts_running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_THREAD_TEAM_H_
