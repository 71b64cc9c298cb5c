#ifndef NEMF_TESTS_SERVICE_PUPPET_SCHEDULER_H_
#define NEMF_TESTS_SERVICE_PUPPET_SCHEDULER_H_

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "server/scheduling/scheduler.h"

namespace nemf::testing {

// The answer to a job without any matching: every point moves by (+1, +2) and scores its x; node i
// of a field scores i and costs 2 i.
inline JobResult ShiftedPoints(const Job& job) {
  JobResult result;
  result.statistics.field_queries = 7;
  result.statistics.encoder_batch_pairs = 1;
  const auto add = [&result](float x, float y) {
    result.matches.push_back({.reference = {x + 1, y + 2}, .score = x, .in_bounds = true});
  };
  if (job.kind == JobKind::kKeypoints) {
    for (const Point& point : job.keypoints) add(point.x, point.y);
    return result;
  }
  if (job.kind == JobKind::kField) {
    for (int i = 0; i < job.field_nodes.width * job.field_nodes.height; ++i) {
      add(static_cast<float>(i), 0);
      result.cost.push_back(2.0f * static_cast<float>(i));
    }
    return result;
  }
  for (int y = 0; y < job.pair.query->size.height; ++y) {
    for (int x = 0; x < job.pair.query->size.width; ++x) {
      add(static_cast<float>(x), static_cast<float>(y));
    }
  }
  return result;
}

// A scheduler whose jobs are answered by the test, or at once, within Submit().
class PuppetScheduler : public Scheduler {
 public:
  explicit PuppetScheduler(bool at_once) : at_once_(at_once) {}

  absl::StatusOr<std::shared_ptr<JobHandle>> Submit(Job job) override {
    auto handle = std::make_shared<Handle>();
    if (at_once_) {
      job.sink->OnDone(ShiftedPoints(job));
      return handle;
    }
    absl::MutexLock lock(&mutex_);
    if (!refusal_.ok() && accepts_ == 0) return refusal_;
    if (accepts_ > 0) --accepts_;
    waiting_.emplace_back(std::move(job), handle);
    return handle;
  }

  absl::Status CheckAdmission(const Job&, absl::FunctionRef<PairDigest()>) override {
    return absl::OkStatus();
  }

  void Drain() override {}

  // Refuses the jobs after the next `accepts` ones.
  void RefuseWith(absl::Status status, int accepts = 0) {
    absl::MutexLock lock(&mutex_);
    refusal_ = std::move(status);
    accepts_ = accepts;
  }

  // Waits for a job and answers it: CANCELLED where that was asked for before or during the
  // `patience`, else its points shifted. Returns whether it was cancelled.
  bool AnswerNext(absl::Duration patience = absl::ZeroDuration()) {
    return Answer(Take(), patience);
  }

  // Waits for a job, which goes on waiting for its answer.
  Job AwaitJob() {
    absl::MutexLock lock(&mutex_);
    AwaitWaiting();
    return waiting_.front().first;
  }

  // Sends a snapshot to the job that waits first. Requires that one waits, and that no other thread
  // answers it.
  void SendSnapshot(FlowSnapshot snapshot) { AwaitJob().sink->OnSnapshot(std::move(snapshot)); }

  // Waits for a job and answers it with an error.
  void FailNext(const absl::Status& status) { Take().first.sink->OnDone(status); }

  int waiting() {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(waiting_.size());
  }

 private:
  struct Handle : JobHandle {
    void Cancel() override {
      absl::MutexLock lock(&mutex);
      cancelled = true;
    }
    bool AwaitCancelled(absl::Duration patience) {
      absl::MutexLock lock(&mutex);
      return mutex.AwaitWithTimeout(absl::Condition(&cancelled), patience);
    }
    absl::Mutex mutex;
    bool cancelled = false;
  };
  using Entry = std::pair<Job, std::shared_ptr<Handle>>;

  void AwaitWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    mutex_.Await(absl::Condition(
        +[](std::deque<Entry>* waiting) { return !waiting->empty(); }, &waiting_));
  }

  Entry Take() {
    absl::MutexLock lock(&mutex_);
    AwaitWaiting();
    Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    return entry;
  }

  static bool Answer(const Entry& entry, absl::Duration patience) {
    const auto& [job, handle] = entry;
    const bool cancelled = handle->AwaitCancelled(patience);
    if (cancelled) {
      job.sink->OnDone(absl::CancelledError("cancelled"));
    } else {
      job.sink->OnDone(ShiftedPoints(job));
    }
    return cancelled;
  }

  const bool at_once_;
  absl::Mutex mutex_;
  std::deque<Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  int accepts_ ABSL_GUARDED_BY(mutex_) = 0;  // jobs before it is told
};

}  // namespace nemf::testing

#endif  // NEMF_TESTS_SERVICE_PUPPET_SCHEDULER_H_
