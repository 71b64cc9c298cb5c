#ifndef NEMF_TESTS_SERVICE_PUPPET_SCHEDULER_H_
#define NEMF_TESTS_SERVICE_PUPPET_SCHEDULER_H_

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/scheduler.h"

namespace nemf::testing {

// A job that waits for the test to answer it.
struct PuppetJob {
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
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
  };

  JobRequest request;
  ImagePair pair;
  PairDigest digest;
  std::shared_ptr<JobSink> sink;
  std::shared_ptr<Handle> handle = std::make_shared<Handle>();
};

// The answer to a job without any matching: every point moves by (+1, +2) and scores its x; node i
// of a field scores i and costs 2 i.
inline JobResult ShiftedPoints(const PuppetJob& job) {
  JobResult result;
  result.statistics.field_queries = 7;
  result.statistics.encoder_batch_pairs = 1;
  const auto add = [&result](float x, float y) {
    result.matches.push_back({.reference = {x + 1, y + 2}, .score = x, .in_bounds = true});
  };
  if (const auto* keypoints = std::get_if<KeypointsSpec>(&job.request.spec)) {
    for (const Point& point : keypoints->keypoints) add(point.x, point.y);
    return result;
  }
  if (const auto* field = std::get_if<FieldSpec>(&job.request.spec)) {
    for (int i = 0; i < field->nodes.width * field->nodes.height; ++i) {
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

  absl::StatusOr<JobTicket> Reserve(JobRequest request, DigestFunction digest) override {
    absl::MutexLock lock(&mutex_);
    reserved_ = request;
    reserved_digest_ = digest();
    if (!refusal_.ok()) return refusal_;
    return JobTicket{std::move(request), AdmissionTicket()};
  }

  std::shared_ptr<JobHandle> Submit(JobTicket ticket, ImagePair pair, const PairDigest& digest,
                                    std::shared_ptr<JobSink> sink) override {
    PuppetJob job{std::move(ticket.request), std::move(pair), digest, std::move(sink)};
    auto handle = job.handle;
    {
      absl::MutexLock lock(&mutex_);
      ++submitted_;
      submitted_digest_ = digest;
      if (!at_once_) {
        waiting_.push_back(std::move(job));
        most_waiting_ = std::max(most_waiting_, static_cast<int>(waiting_.size()));
        return handle;
      }
    }
    job.sink->OnDone(ShiftedPoints(job));
    return handle;
  }

  void Drain() override {}

  // Refuses reservations from now on, unless `status` is OK.
  void RefuseWith(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    refusal_ = std::move(status);
  }

  // The last request that Reserve() got, and its digest.
  JobRequest reserved() {
    absl::MutexLock lock(&mutex_);
    return reserved_;
  }
  PairDigest reserved_digest() {
    absl::MutexLock lock(&mutex_);
    return reserved_digest_;
  }
  PairDigest submitted_digest() {
    absl::MutexLock lock(&mutex_);
    return submitted_digest_;
  }
  int submitted() {
    absl::MutexLock lock(&mutex_);
    return submitted_;
  }

  // Waits for a job and answers it: CANCELLED if that was asked for before or during the
  // `patience`, otherwise its points shifted. Returns whether it was cancelled.
  bool AnswerNext(absl::Duration patience = absl::ZeroDuration()) {
    return Answer(*Take(), patience);
  }

  // Answers jobs as they come, each after a call of `before`, until Close().
  void AnswerAll(const std::function<void(const PuppetJob&)>& before = [](const PuppetJob&) {}) {
    while (const std::optional<PuppetJob> job = Take()) {
      before(*job);
      Answer(*job, absl::ZeroDuration());
    }
  }
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  // Waits for a job, which goes on waiting for its answer.
  PuppetJob AwaitJob() {
    AwaitWaiting(1);
    absl::MutexLock lock(&mutex_);
    return waiting_.front();
  }
  // Waits until this number of jobs wait for their answer.
  void AwaitWaiting(int jobs) {
    absl::MutexLock lock(&mutex_);
    const auto are_there = [this, jobs]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return static_cast<int>(waiting_.size()) >= jobs;
    };
    mutex_.Await(absl::Condition(&are_there));
  }

  // Sends a snapshot to the job that waits first. Requires that one waits, and that no other thread
  // answers it.
  void SendSnapshot(FlowSnapshot snapshot) { AwaitJob().sink->OnSnapshot(std::move(snapshot)); }

  // Waits for a job and answers it with an error.
  void FailNext(const absl::Status& status) { Take()->sink->OnDone(status); }

  int waiting() {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(waiting_.size());
  }
  // The most jobs that waited at one time.
  int most_waiting() {
    absl::MutexLock lock(&mutex_);
    return most_waiting_;
  }

 private:
  bool MayTake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || !waiting_.empty();
  }

  // Waits for a job; nullopt once there is none and the puppet is closed.
  std::optional<PuppetJob> Take() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &PuppetScheduler::MayTake));
    if (waiting_.empty()) return std::nullopt;
    PuppetJob job = std::move(waiting_.front());
    waiting_.pop_front();
    return job;
  }

  static bool Answer(const PuppetJob& job, absl::Duration patience) {
    const bool cancelled = job.handle->AwaitCancelled(patience);
    if (cancelled) {
      job.sink->OnDone(absl::CancelledError("cancelled"));
    } else {
      job.sink->OnDone(ShiftedPoints(job));
    }
    return cancelled;
  }

  const bool at_once_;
  absl::Mutex mutex_;
  std::deque<PuppetJob> waiting_ ABSL_GUARDED_BY(mutex_);
  int most_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  JobRequest reserved_ ABSL_GUARDED_BY(mutex_);
  PairDigest reserved_digest_ ABSL_GUARDED_BY(mutex_) = {};
  PairDigest submitted_digest_ ABSL_GUARDED_BY(mutex_) = {};
  int submitted_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace nemf::testing

#endif  // NEMF_TESTS_SERVICE_PUPPET_SCHEDULER_H_
