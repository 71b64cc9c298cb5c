#ifndef NEMF_TESTS_TESTING_RECORDING_SINK_H_
#define NEMF_TESTS_TESTING_RECORDING_SINK_H_

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/job.h"

namespace nemf {

// Keeps a job's answer and counts how often it came, and notes the snapshots before it. Safe from
// any thread.
class RecordingSink final : public JobSink {
 public:
  explicit RecordingSink(std::function<void()> then = [] {}) : then_(std::move(then)) {}

  void OnDone(absl::StatusOr<JobResult> result) override {
    {
      absl::MutexLock lock(&mutex_);
      ++calls_;
      result_ = std::move(result);
    }
    then_();
  }

  void OnSnapshot(FlowSnapshot snapshot) override {
    absl::MutexLock lock(&mutex_);
    if (calls_ == 0) snapshots_.push_back(snapshot.iteration);
  }

  // The iterations of the snapshots that came before the answer.
  std::vector<int> snapshots() const {
    absl::MutexLock lock(&mutex_);
    return snapshots_;
  }

  int calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  // The answer, once it has come.
  absl::StatusOr<JobResult> Wait() const {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](const std::optional<absl::StatusOr<JobResult>>* result) { return result->has_value(); },
        &result_));
    return *result_;
  }
  absl::StatusCode code() const { return Wait().status().code(); }

 private:
  const std::function<void()> then_;
  mutable absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int> snapshots_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::StatusOr<JobResult>> result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_TESTS_TESTING_RECORDING_SINK_H_
