#include "server/engine/cuda/matcher_torch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/engine/cuda/device_task_torch.h"
#include "server/engine/math/search.h"
#include "server/engine/math/upsample.h"

namespace nemf::cuda {

namespace {

// Rows of a batch, in chunks: so many that a last chunk that is not full costs little.
constexpr int kChunksPerBatch = 20;

// Items of a batch, at most: propagation and upsampling have the least items that need rows by the
// piece, the optimiser one row an item.
int MaxItems(int rows) { return std::max(kChunksPerBatch * rows / kMaxCandidates, rows); }

// The pass whose values a piece reads.
int PassOf(const WorkItem& piece) {
  return piece.phase == Phase::kRefine ? piece.plan->passes() : piece.iteration;
}

// Optimiser steps of the batch's longest schedule.
int MaxSteps(const Batch& batch) {
  int steps = 0;
  for (const Part& part : batch) steps = std::max(steps, part.piece->plan->optimize_steps());
  return steps;
}

bool AnyFinish(const Batch& batch) {
  return std::any_of(batch.begin(), batch.end(),
                     [](const Part& part) { return part.piece->phase == Phase::kRefine; });
}

}  // namespace

Matcher::RowArrays::RowArrays(DeviceRuntime* runtime, std::size_t count)
    : reference(runtime, count),
      piece(runtime, count),
      query(runtime, count),
      scores(runtime, count) {}

std::size_t Matcher::Bytes(const FieldShape& shape, Precision precision, int rows) {
  constexpr std::size_t kRow = sizeof(Vec2) + sizeof(int) + sizeof(TableIndex) + sizeof(float);
  constexpr std::size_t kItem = 2 * sizeof(int) + sizeof(ScoredPoint) + sizeof(Vec2) +
                                sizeof(AdamState) + sizeof(FinishedPoint);
  return Network::Bytes(shape, precision, rows) + std::size_t{2} * kChunksPerBatch * rows * kRow +
         MaxItems(rows) * kItem;
}

absl::StatusOr<std::unique_ptr<Matcher>> Matcher::Create(const NetworkWeights* weights, int rows,
                                                         DeviceRuntime* runtime, Staging* staging) {
  absl::StatusOr<std::unique_ptr<Network>> network = Network::Create(weights, rows, runtime);
  if (!network.ok()) return network.status();
  return std::unique_ptr<Matcher>(new Matcher(*std::move(network), runtime, staging));
}

Matcher::Matcher(std::unique_ptr<Network> network, DeviceRuntime* runtime, Staging* staging)
    : runtime_(runtime),
      staging_(staging),
      queue_(runtime->stream(StreamKind::kMatching)),
      network_(std::move(network)),
      candidates_(runtime, std::size_t{kChunksPerBatch} * rows()),
      search_(runtime, std::size_t{kChunksPerBatch} * rows()),
      counts_(runtime->NewTensor({MaxItems(rows())}, at::kInt)),
      ends_(runtime->NewTensor({MaxItems(rows())}, at::kInt)),
      best_(runtime, MaxItems(rows())),
      start_(runtime, MaxItems(rows())),
      states_(runtime, MaxItems(rows())),
      finished_(runtime, MaxItems(rows())) {}

absl::Status Matcher::Run(absl::Span<WorkItem> pieces) {
  for (WorkItem& piece : pieces) piece.queries = 0;
  const int many = kChunksPerBatch * rows();
  for (const Batch& batch : CutIntoBatches(pieces, BatchKind::kPatchMatch, many)) {
    NEMF_RETURN_IF_ERROR(RunPatchMatch(batch));
  }
  for (const Batch& batch : CutIntoBatches(pieces, BatchKind::kUpsample, many)) {
    NEMF_RETURN_IF_ERROR(RunUpsample(batch));
  }
  // The optimiser goes through all steps with one chunk.
  for (const Batch& batch : CutIntoBatches(pieces, BatchKind::kOptimize, rows())) {
    NEMF_RETURN_IF_ERROR(RunOptimize(batch));
  }
  return runtime_->Synchronize(StreamKind::kMatching);
}

BatchView Matcher::view() const {
  return {pieces_.data(), static_cast<int>(pieces_.size()), num_items_};
}

absl::Status Matcher::UploadBatch(const Batch& batch) {
  std::vector<WorkItemView> views;
  int item = 0;
  int search = 0;
  for (const Part& part : batch) {
    const WorkItem& piece = *part.piece;
    const auto& task = static_cast<const DeviceTask&>(*piece.state);
    views.push_back(task.View(piece.phase, PassOf(piece), part.begin));
    views.back().first_item = item;
    views.back().first_search = search;
    item += part.size();
    search += part.size() * piece.plan->options.search_candidates;
  }
  num_items_ = item;
  return staging_->Upload(views, &pieces_);
}

absl::Status Matcher::RunPatchMatch(const Batch& batch) {
  NEMF_RETURN_IF_ERROR(UploadBatch(batch));
  const int* ends = ends_.const_data_ptr<int>();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_items_, CountCandidates{view(), counts_.data_ptr<int>()}));
  const absl::StatusOr<std::vector<int>> counts = SumCounts(batch);
  if (!counts.ok()) return counts.status();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_items_, EmitCandidates{view(), ends, candidates_.view()}));
  int total = 0;
  int searched = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const int search = batch[i].size() * batch[i].piece->plan->options.search_candidates;
    batch[i].piece->queries += (*counts)[i] + search;
    total += (*counts)[i];
    searched += search;
  }
  NEMF_RETURN_IF_ERROR(ScoreRows(candidates_.view(), total));
  NEMF_RETURN_IF_ERROR(queue_.Run(
      num_items_, SelectAndSearch{view(), ends, candidates_.view(), best_.data(), search_.view()}));
  NEMF_RETURN_IF_ERROR(ScoreRows(search_.view(), searched));
  return queue_.Run(num_items_, FinishSlots{view(), best_.data(), search_.view()});
}

absl::StatusOr<std::vector<int>> Matcher::SumCounts(const Batch& batch) {
  at::Tensor ends = ends_.narrow(0, 0, num_items_);
  at::cumsum_out(ends, counts_.narrow(0, 0, num_items_), 0, at::kInt);
  const DeviceArray<int> totals(runtime_, batch.size());
  const int parts = static_cast<int>(batch.size());
  NEMF_RETURN_IF_ERROR(
      queue_.Run(parts, RowsByPiece{view(), ends.const_data_ptr<int>(), totals.data()}));
  std::vector<int> counts(batch.size());
  NEMF_RETURN_IF_ERROR(
      staging_->Download(totals.data(), counts.size() * sizeof(int), counts.data()));
  for (int i = parts - 1; i > 0; --i) counts[i] -= counts[i - 1];
  return counts;
}

absl::Status Matcher::ScoreRows(const RowsView& rows, int count) {
  for (int begin = 0; begin < count; begin += network_->rows()) {
    const int size = std::min(network_->rows(), count - begin);
    NEMF_RETURN_IF_ERROR(network_->Score({pieces_.data(), rows, begin, size}));
  }
  return absl::OkStatus();
}

absl::Status Matcher::RunOptimize(const Batch& batch) {
  NEMF_RETURN_IF_ERROR(UploadBatch(batch));
  NEMF_RETURN_IF_ERROR(queue_.Run(
      num_items_, StartPoints{view(), candidates_.view(), start_.data(), states_.data()}));
  NEMF_RETURN_IF_ERROR(Steps(batch));
  for (const Part& part : batch) {
    const int scores = part.piece->phase == Phase::kRefine ? 1 : 0;
    part.piece->queries +=
        std::int64_t{part.size()} * (part.piece->plan->optimize_steps() + scores);
  }
  NEMF_RETURN_IF_ERROR(queue_.Run(num_items_, StoreSlots{view(), candidates_.view()}));
  if (!AnyFinish(batch)) return absl::OkStatus();
  NEMF_RETURN_IF_ERROR(ScoreRows(candidates_.view(), num_items_));
  NEMF_RETURN_IF_ERROR(
      queue_.Run(num_items_, WritePoints{view(), candidates_.view(), finished_.data()}));
  return TakePoints(batch);
}

absl::Status Matcher::Steps(const Batch& batch) {
  const ChunkView chunk = {pieces_.data(), candidates_.view(), 0, num_items_};
  const int steps = MaxSteps(batch);
  for (int step = 0; step < steps; ++step) {
    NEMF_RETURN_IF_ERROR(network_->Gradient(chunk));
    NEMF_RETURN_IF_ERROR(queue_.Run(
        num_items_, StepPoints{chunk, network_->products(), start_.data(), states_.data(), step}));
  }
  return absl::OkStatus();
}

absl::Status Matcher::RunUpsample(const Batch& batch) {
  NEMF_RETURN_IF_ERROR(UploadBatch(batch));
  const int* ends = ends_.const_data_ptr<int>();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_items_, CountUpsampled{view(), counts_.data_ptr<int>()}));
  const absl::StatusOr<std::vector<int>> counts = SumCounts(batch);
  if (!counts.ok()) return counts.status();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_items_, EmitUpsampled{view(), ends, candidates_.view()}));
  int total = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].piece->queries += (*counts)[i];
    total += (*counts)[i];
  }
  NEMF_RETURN_IF_ERROR(ScoreRows(candidates_.view(), total));
  NEMF_RETURN_IF_ERROR(
      queue_.Run(num_items_, SelectUpsampled{view(), ends, candidates_.view(), finished_.data()}));
  return TakePoints(batch);
}

absl::Status Matcher::TakePoints(const Batch& batch) {
  std::vector<FinishedPoint> points(num_items_);
  NEMF_RETURN_IF_ERROR(
      staging_->Download(finished_.data(), points.size() * sizeof(FinishedPoint), points.data()));
  auto next = points.begin();
  for (const Part& part : batch) {
    auto& task = static_cast<DeviceTask&>(*part.piece->state);
    const bool answers = part.piece->phase == Phase::kRefine;
    for (int point = part.begin; point < part.end; ++point, ++next) {
      if (!answers) continue;
      task.matches[point] = {{next->pixel.x, next->pixel.y}, next->score, next->in_bounds != 0};
    }
  }
  return absl::OkStatus();
}

BatchKind KindOf(const WorkItem& piece) {
  if (piece.phase < Phase::kPatchMatch) return BatchKind::kNone;
  if (piece.phase == Phase::kPatchMatch) return BatchKind::kPatchMatch;
  const bool upsamples = piece.phase == Phase::kRefine && piece.plan->strided();
  return upsamples ? BatchKind::kUpsample : BatchKind::kOptimize;
}

int NumItems(const Batch& batch) {
  int items = 0;
  for (const Part& part : batch) items += part.size();
  return items;
}

int RowsOfItem(const WorkItem& piece) {
  switch (KindOf(piece)) {
    case BatchKind::kPatchMatch:
      return std::max(kMaxCandidates, piece.plan->options.search_candidates);
    case BatchKind::kUpsample:
      return kMaxUpsampleCandidates;
    case BatchKind::kOptimize:
    case BatchKind::kNone:
      break;
  }
  return 1;
}

std::vector<Batch> CutIntoBatches(absl::Span<WorkItem> pieces, BatchKind kind, int max_rows) {
  std::vector<Batch> batches;
  int room = 0;  // rows left in the last batch
  for (WorkItem& piece : pieces) {
    if (KindOf(piece) != kind) continue;
    const int rows = RowsOfItem(piece);
    for (int begin = piece.begin; begin < piece.end;) {
      if (room < rows) {
        batches.emplace_back();
        room = max_rows;
      }
      const int end = std::min(piece.end, begin + room / rows);
      batches.back().push_back({&piece, begin, end});
      room -= (end - begin) * rows;
      begin = end;
    }
  }
  return batches;
}

}  // namespace nemf::cuda
