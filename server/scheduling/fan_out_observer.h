#ifndef NEMF_SERVER_SCHEDULING_FAN_OUT_OBSERVER_H_
#define NEMF_SERVER_SCHEDULING_FAN_OUT_OBSERVER_H_

#include <cstdint>

#include "server/scheduling/observer.h"

namespace nemf {

// Tells two observers, which outlive it, what it hears.
class FanOutObserver final : public SchedulerObserver {
 public:
  FanOutObserver(SchedulerObserver* first, SchedulerObserver* second)
      : first_(first), second_(second) {}

  void OnEncoderBatch(int pairs, absl::Duration duration) override {
    Tell(&SchedulerObserver::OnEncoderBatch, pairs, duration);
  }
  void OnStep(std::int64_t queries, absl::Duration duration) override {
    Tell(&SchedulerObserver::OnStep, queries, duration);
  }
  void OnQueueWait(absl::Duration wait) override { Tell(&SchedulerObserver::OnQueueWait, wait); }
  void OnJobDropped(DropReason reason) override { Tell(&SchedulerObserver::OnJobDropped, reason); }
  void OnQueuedJobs(int change) override { Tell(&SchedulerObserver::OnQueuedJobs, change); }
  void OnActiveJobs(JobKind kind, int change) override {
    Tell(&SchedulerObserver::OnActiveJobs, kind, change);
  }
  void OnQueuedWork(double change) override { Tell(&SchedulerObserver::OnQueuedWork, change); }
  void OnWastedQueries(std::int64_t queries) override {
    Tell(&SchedulerObserver::OnWastedQueries, queries);
  }
  void OnPairCache(const PairCacheChange& change) override {
    first_->OnPairCache(change);
    second_->OnPairCache(change);
  }
  void OnDeviceLost(const absl::Status& error) override {
    first_->OnDeviceLost(error);
    second_->OnDeviceLost(error);
  }
  void OnThreadStart(const Progress& progress) override {
    first_->OnThreadStart(progress);
    second_->OnThreadStart(progress);
  }
  void OnThreadEnd(const Progress& progress) override {
    first_->OnThreadEnd(progress);
    second_->OnThreadEnd(progress);
  }

 private:
  template <typename... Values>
  void Tell(void (SchedulerObserver::*method)(Values...), Values... values) {
    (first_->*method)(values...);
    (second_->*method)(values...);
  }

  SchedulerObserver* const first_;
  SchedulerObserver* const second_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_FAN_OUT_OBSERVER_H_
