#include "server/engine/cpu/cpu_backend.h"

#include <algorithm>
#include <utility>

#include "server/engine/cpu/cpu_task.h"
#include "server/engine/cpu/phases.h"
#include "server/engine/cpu/thread_team.h"
#include "server/engine/device/torch_support.h"

namespace nemf::cpu {

namespace {

// Elements of a range. Propagation makes up to four rows of a site, so this is about four blocks of
// the field.
constexpr int kMaxRange = 512;
constexpr int kMinRange = 64;

// A worker's share of a work item.
struct WorkRange {
  WorkItem* item;
  int begin;
  int end;
  int queries = 0;
};

// Cuts work items into ranges, small enough for every worker to get some.
std::vector<WorkRange> CutIntoRanges(absl::Span<WorkItem> items, int workers) {
  std::vector<WorkRange> ranges;
  for (WorkItem& item : items) {
    const int sites = item.end - item.begin;
    // As many ranges for each worker, so that none waits for another's last one.
    const int rounds = (sites + kMaxRange * workers - 1) / (kMaxRange * workers);
    const int ranges_of_item = std::max(1, rounds * workers);
    const int size = std::max(kMinRange, (sites + ranges_of_item - 1) / ranges_of_item);
    for (int begin = item.begin; begin < item.end; begin += size) {
      ranges.push_back({&item, begin, std::min(begin + size, item.end)});
    }
  }
  return ranges;
}

class CpuBackend : public Backend {
 public:
  CpuBackend(std::unique_ptr<Encoder> encoder, const EncoderShape& shape,
             std::unique_ptr<Field> field, int threads, bool side_by_side)
      : encoder_(std::move(encoder)),
        shape_(shape),
        field_(std::move(field)),
        query_layer_(field_->weights()),
        threads_(threads),
        side_by_side_(side_by_side),
        scratch_(threads),
        team_(threads, [] { SetTorchThreads(1); }),
        encoder_team_(threads, [] {}) {
    for (Scratch& scratch : scratch_) scratch.field = field_->NewWorkspace();
  }

  const std::string& device() const override { return device_; }
  // The encoder runs on LibTorch's threads and the matching on the team's, on the same cores.
  EncodeOverlap encode_overlap() const override { return EncodeOverlap::kAllowed; }

  // Each of these takes about a sixteenth of the time of an evaluation of a small field.
  ElementPrices prices() const override { return {1.0 / 16, 1.0 / 16, 1.0 / 16}; }
  // Side by side, one pair a thread.
  int encoder_batch() const override { return side_by_side_ ? threads_ : 1; }

  // As many pairs as fill all threads are encoded one a thread, so that no thread waits for
  // another, as threads do at every layer of a pair that they share. All threads share each of the
  // other pairs, and each pair if that gives other bits.
  absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) override {
    const int count = static_cast<int>(pairs.size());
    const int apart = side_by_side_ ? count / threads_ * threads_ : 0;
    std::vector<absl::StatusOr<std::shared_ptr<const EncodedPair>>> results(count);
    const absl::Status status =
        encoder_team_.Run(apart, [&](int i, int) { results[i] = EncodeOne(pairs[i], 1); });
    if (!status.ok()) return status;
    for (int i = apart; i < count; ++i) results[i] = EncodeOne(pairs[i], threads_);
    std::vector<std::shared_ptr<const EncodedPair>> out;
    for (auto& result : results) {
      if (!result.ok()) return result.status();
      out.push_back(*std::move(result));
    }
    return out;
  }

  std::unique_ptr<TaskState> NewState(const TaskPlan& plan) override {
    return std::make_unique<TaskArrays>(plan, query_layer_);
  }

  absl::Status Run(absl::Span<WorkItem> items) override {
    for (const WorkItem& item : items) static_cast<TaskArrays*>(item.state)->MakeRoom(item);
    std::vector<WorkRange> ranges = CutIntoRanges(items, team_.workers());
    const absl::Status status =
        team_.Run(static_cast<int>(ranges.size()), [&](int part, int worker) {
          ranges[part].queries = RunRange(ranges[part], &scratch_[worker]);
        });
    for (const WorkRange& range : ranges) range.item->queries += range.queries;
    return status;
  }

  std::vector<Point> TakeSnapshot(TaskState* state) override {
    return std::exchange(static_cast<TaskArrays*>(state)->snapshot, {});
  }

  std::vector<Match> TakeResult(TaskState* state) override {
    return std::move(static_cast<TaskArrays*>(state)->matches);
  }

 private:
  absl::StatusOr<std::shared_ptr<const EncodedPair>> EncodeOne(const ImagePair& pair,
                                                               int threads) const {
    absl::StatusOr<Encoding> encoding = encoder_->Run(pair, threads);
    if (!encoding.ok()) return encoding.status();
    return std::make_shared<const Pair>(pair.query->size, pair.reference->size,
                                        *std::move(encoding), shape_.grid, shape_.channels);
  }

  int RunRange(const WorkRange& range, Scratch* scratch) const {
    TaskArrays* task = static_cast<TaskArrays*>(range.item->state);
    const int sweep = range.item->iteration;
    switch (range.item->phase) {
      case Phase::kFillTables:
        task->FillTables(range.begin, range.end);
        return 0;
      case Phase::kInitialize:
        task->Initialize(range.begin, range.end);
        return 0;
      case Phase::kSnapshot:
        task->Snapshot(sweep, range.begin, range.end);
        return 0;
      case Phase::kPatchMatch:
        return RunPatchMatch(*field_, task, sweep, range.begin, range.end, scratch);
      case Phase::kOptimizeNodes:
        return RunOptimizeNodes(*field_, task, sweep, range.begin, range.end, scratch);
      default:
        return RunRefine(*field_, task, range.begin, range.end, scratch);
    }
  }

  const std::string device_ = "cpu";
  const std::unique_ptr<Encoder> encoder_;
  const EncoderShape shape_;
  const std::unique_ptr<Field> field_;
  const QueryLayer query_layer_;
  const int threads_;
  const bool side_by_side_;       // whether pairs may be encoded each on one thread
  std::vector<Scratch> scratch_;  // one a worker
  ThreadTeam team_;
  ThreadTeam encoder_team_;  // a team of its own, as pairs may be encoded beside a step
};

}  // namespace

std::unique_ptr<Backend> MakeBackend(std::unique_ptr<Encoder> encoder, const EncoderShape& shape,
                                     std::unique_ptr<Field> field, int threads, bool side_by_side) {
  return std::make_unique<CpuBackend>(std::move(encoder), shape, std::move(field), threads,
                                      side_by_side);
}

}  // namespace nemf::cpu
