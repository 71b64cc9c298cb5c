#include "server/scheduling/encoding/encoder_batch.h"

#include <algorithm>
#include <utility>

namespace nemf {
namespace {

int Rank(const AcceptedJob& job) {
  return static_cast<int>(job.priority) + job.batches_waited / kBatchesPerRank;
}

// Returns the group of the job's pair, a new one if there is room, or null.
PairGroup* FindGroup(std::vector<PairGroup>& groups, const AcceptedJob& job, int max_pairs) {
  for (PairGroup& group : groups) {
    if (group.digest == job.digest) return &group;
  }
  if (static_cast<int>(groups.size()) == max_pairs) return nullptr;
  return &groups.emplace_back(PairGroup{job.digest, job.pair, {}});
}

}  // namespace

ActiveSlots::ActiveSlots(int max_active_jobs)
    : any_(max_active_jobs), flow_(std::max(1, max_active_jobs * 3 / 4)) {}

std::optional<ActiveSlot> ActiveSlots::TryAcquire(JobKind kind) {
  ActiveSlot slot;
  slot.any = any_.TryAcquire();
  if (!slot.any) return std::nullopt;
  if (kind == JobKind::kFlow) {
    slot.flow = flow_.TryAcquire();
    if (!slot.flow) return std::nullopt;
  }
  return slot;
}

void SortByRank(std::deque<AcceptedJob>& queue) {
  const auto before = [](const AcceptedJob& a, const AcceptedJob& b) {
    return Rank(a) != Rank(b) ? Rank(a) > Rank(b) : a.submitted < b.submitted;
  };
  if (!std::is_sorted(queue.begin(), queue.end(), before)) {
    std::stable_sort(queue.begin(), queue.end(), before);
  }
}

std::vector<PairGroup> TakeEncoderBatch(std::deque<AcceptedJob>& queue, int max_pairs,
                                        ActiveSlots& slots) {
  std::vector<PairGroup> groups;
  if (slots.full()) return groups;
  std::deque<AcceptedJob> waiting;
  for (AcceptedJob& job : queue) {
    std::optional<ActiveSlot> slot = slots.TryAcquire(job.kind());
    PairGroup* group = slot ? FindGroup(groups, job, max_pairs) : nullptr;
    if (group != nullptr) {
      group->jobs.push_back({std::move(job), *std::move(slot)});
    } else {
      waiting.push_back(std::move(job));
    }
  }
  queue = std::move(waiting);
  return groups;
}

}  // namespace nemf
