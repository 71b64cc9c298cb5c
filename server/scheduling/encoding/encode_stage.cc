#include "server/scheduling/encoding/encode_stage.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/base/extract_if.h"
#include "server/engine/fatal_error.h"

namespace nemf {

EncodeStage::EncodeStage(int max_pairs, EncoderExecutor* executor, PairCache* cache,
                         ActiveSlots* slots, Clock* clock, SchedulerObserver* observer,
                         AdmissionController* admission)
    : max_pairs_(max_pairs),
      executor_(executor),
      cache_(cache),
      slots_(slots),
      clock_(clock),
      observer_(observer),
      admission_(admission) {}

void EncodeStage::Add(AcceptedJob job) {
  queue_.push_back(std::move(job));
  observer_->OnQueuedJobs(+1);
}

EncodeStage::Leavers EncodeStage::TakeLeavers(
    const std::function<bool(const AcceptedJob&)>& stays) {
  Leavers leavers;
  for (AcceptedJob& job : ExtractIf(queue_, stays)) {
    observer_->OnQueuedJobs(-1);
    leavers.waiting.push_back(std::move(job));
  }
  const auto admitted_stays = [&stays](const AdmittedJob& job) { return stays(job.accepted); };
  for (PairGroup& group : batch_) {
    for (AdmittedJob& job : ExtractIf(group.jobs, admitted_stays)) {
      leavers.in_batch.push_back(std::move(job.accepted));
    }
  }
  return leavers;
}

EncodeStage::Outcome EncodeStage::Advance(bool may_start) {
  Outcome outcome;
  CollectBatch(outcome);
  ServeFromCache(outcome);
  outcome.started = may_start && StartBatch();
  CollectBatch(outcome);  // an executor without a thread is done at once
  return outcome;
}

int EncodeStage::in_batch() const {
  int jobs = 0;
  for (const PairGroup& group : batch_) jobs += static_cast<int>(group.jobs.size());
  return jobs;
}

void EncodeStage::CollectBatch(Outcome& outcome) {
  std::optional<EncodedBatch> batch = executor_->TakeDone();
  if (!batch.has_value()) return;
  for (const EncoderCall& call : batch->calls) {
    observer_->OnEncoderBatch(call.pairs, call.duration);
    admission_->ObserveEncode(call.pairs, call.duration);
  }
  std::vector<PairGroup> groups = std::exchange(batch_, {});
  for (std::size_t i = 0; i < groups.size(); ++i) {
    CollectGroup(groups[i], batch->results[i], *batch, outcome);
  }
}

void EncodeStage::CollectGroup(PairGroup& group, EncodedOrNot& result, const EncodedBatch& batch,
                               Outcome& outcome) {
  if (!result.pair.ok()) {
    lost_ = lost_ || IsFatal(result.pair.status());
    for (AdmittedJob& job : group.jobs) {
      outcome.failed.push_back({std::move(job.accepted), result.pair.status()});
    }
    return;
  }
  cache_->Insert(group.digest, *result.pair);
  for (AdmittedJob& job : group.jobs) {
    JobStatistics statistics;
    statistics.queue_time = std::max(batch.start - job.accepted.submitted, absl::ZeroDuration());
    statistics.encode_time = result.call.duration;
    statistics.encoder_batch_pairs = result.call.pairs;
    job.accepted.ticket.Encoded();
    job.accepted.pair = {};
    outcome.encoded.push_back({std::move(job), *result.pair, statistics, batch.end});
  }
}

void EncodeStage::ServeFromCache(Outcome& outcome) {
  if (batch_.empty() && !cache_->enabled()) return;
  int hits = 0;
  std::deque<AcceptedJob> waiting;
  for (AcceptedJob& job : queue_) {
    std::shared_ptr<const EncodedPair> pair = cache_->Find(job.digest);
    PairGroup* const group = pair == nullptr ? FindInBatch(job.digest) : nullptr;
    std::optional<ActiveSlot> slot;
    if (pair != nullptr || group != nullptr) slot = slots_->TryAcquire(job.kind());
    if (!slot.has_value()) {
      waiting.push_back(std::move(job));
      continue;
    }
    LeaveQueue(job);
    if (group != nullptr) {
      group->jobs.push_back({std::move(job), *std::move(slot)});
      continue;
    }
    ++hits;
    const absl::Time now = clock_->Now();
    JobStatistics statistics;
    statistics.queue_time = now - job.submitted;
    statistics.cached = true;
    job.ticket.Encoded();
    job.pair = {};
    outcome.encoded.push_back(
        {{std::move(job), *std::move(slot)}, std::move(pair), statistics, now});
  }
  queue_ = std::move(waiting);
  if (hits > 0) observer_->OnPairCache({.hits = hits});
}

bool EncodeStage::StartBatch() {
  if (lost_ || executor_->busy() || queue_.empty() || slots_->full()) return false;
  SortByRank(queue_);
  batch_ = TakeEncoderBatch(queue_, max_pairs_, *slots_);
  if (batch_.empty()) return false;
  for (AcceptedJob& job : queue_) ++job.batches_waited;
  std::vector<ImagePair> pairs;
  for (PairGroup& group : batch_) {
    for (AdmittedJob& job : group.jobs) LeaveQueue(job.accepted);
    pairs.push_back(std::move(group.pair));
  }
  if (cache_->enabled()) observer_->OnPairCache({.misses = static_cast<int>(pairs.size())});
  executor_->Start(std::move(pairs));
  return true;
}

void EncodeStage::LeaveQueue(AcceptedJob& job) {
  job.ticket.LeaveQueue();
  observer_->OnQueuedJobs(-1);
  observer_->OnQueueWait(clock_->Now() - job.submitted);
}

PairGroup* EncodeStage::FindInBatch(const PairDigest& digest) {
  const auto found = std::find_if(batch_.begin(), batch_.end(),
                                  [&](const PairGroup& group) { return group.digest == digest; });
  return found == batch_.end() ? nullptr : &*found;
}

}  // namespace nemf
