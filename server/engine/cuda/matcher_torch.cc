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

// Rows of a batch, in row blocks: enough for the last row block, which is not full, to cost little.
constexpr int kRowBlocksPerBatch = 20;

// Elements of a batch, at most: propagation and upsampling have the least elements that need rows
// by the item, the optimiser one row an element.
int MaxElements(int rows) { return std::max(kRowBlocksPerBatch * rows / kMaxCandidates, rows); }

// Returns the sweep whose values an item reads.
int SweepOf(const WorkItem& item) {
  return item.phase == Phase::kRefine ? item.plan->sweeps() : item.iteration;
}

// Optimiser steps of the batch's longest schedule.
int MaxSteps(const GpuBatch& batch) {
  int steps = 0;
  for (const WorkRange& range : batch) steps = std::max(steps, range.item->plan->optimize_steps());
  return steps;
}

bool AnyRefine(const GpuBatch& batch) {
  return std::any_of(batch.begin(), batch.end(),
                     [](const WorkRange& range) { return range.item->phase == Phase::kRefine; });
}

}  // namespace

Matcher::RowArrays::RowArrays(DeviceRuntime* runtime, std::size_t count)
    : reference(runtime, count),
      item(runtime, count),
      query(runtime, count),
      scores(runtime, count) {}

std::size_t Matcher::Bytes(const FieldShape& shape, Precision precision, int rows) {
  constexpr std::size_t kRow = sizeof(Vec2) + sizeof(int) + sizeof(TableIndex) + sizeof(float);
  constexpr std::size_t kElement = 2 * sizeof(int) + sizeof(ScoredPoint) + sizeof(Vec2) +
                                   sizeof(AdamState) + sizeof(AnswerPoint);
  return Network::Bytes(shape, precision, rows) +
         std::size_t{2} * kRowBlocksPerBatch * rows * kRow + MaxElements(rows) * kElement;
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
      candidates_(runtime, std::size_t{kRowBlocksPerBatch} * rows()),
      search_(runtime, std::size_t{kRowBlocksPerBatch} * rows()),
      counts_(runtime->NewTensor({MaxElements(rows())}, at::kInt)),
      ends_(runtime->NewTensor({MaxElements(rows())}, at::kInt)),
      best_(runtime, MaxElements(rows())),
      start_(runtime, MaxElements(rows())),
      states_(runtime, MaxElements(rows())),
      answers_(runtime, MaxElements(rows())) {}

absl::Status Matcher::Run(absl::Span<WorkItem> items) {
  for (WorkItem& item : items) item.queries = 0;
  const int many = kRowBlocksPerBatch * rows();
  for (const GpuBatch& batch : CutIntoBatches(items, BatchKind::kPatchMatch, many)) {
    NEMF_RETURN_IF_ERROR(RunPatchMatch(batch));
  }
  for (const GpuBatch& batch : CutIntoBatches(items, BatchKind::kUpsample, many)) {
    NEMF_RETURN_IF_ERROR(RunUpsample(batch));
  }
  // The optimiser makes all steps of one row block before the next.
  for (const GpuBatch& batch : CutIntoBatches(items, BatchKind::kOptimize, rows())) {
    NEMF_RETURN_IF_ERROR(RunOptimize(batch));
  }
  return runtime_->Synchronize(StreamKind::kMatching);
}

BatchView Matcher::view() const {
  return {items_.data(), static_cast<int>(items_.size()), num_elements_};
}

absl::Status Matcher::UploadBatch(const GpuBatch& batch) {
  std::vector<WorkItemView> views;
  int element = 0;
  int search = 0;
  for (const WorkRange& range : batch) {
    const WorkItem& item = *range.item;
    const auto& task = static_cast<const DeviceTask&>(*item.state);
    views.push_back(task.View(item.phase, SweepOf(item), range.begin));
    views.back().first_element = element;
    views.back().first_search = search;
    element += range.size();
    search += range.size() * item.plan->options.search_candidates;
  }
  num_elements_ = element;
  return staging_->Upload(views, &items_);
}

absl::Status Matcher::RunPatchMatch(const GpuBatch& batch) {
  NEMF_RETURN_IF_ERROR(UploadBatch(batch));
  const int* ends = ends_.const_data_ptr<int>();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_elements_, CountCandidates{view(), counts_.data_ptr<int>()}));
  const absl::StatusOr<std::vector<int>> counts = SumCounts(batch);
  if (!counts.ok()) return counts.status();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_elements_, EmitCandidates{view(), ends, candidates_.view()}));
  int total = 0;
  int searched = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const int search = batch[i].size() * batch[i].item->plan->options.search_candidates;
    batch[i].item->queries += (*counts)[i] + search;
    total += (*counts)[i];
    searched += search;
  }
  NEMF_RETURN_IF_ERROR(ScoreRows(candidates_.view(), total));
  NEMF_RETURN_IF_ERROR(queue_.Run(num_elements_, SelectAndSearch{view(), ends, candidates_.view(),
                                                                 best_.data(), search_.view()}));
  NEMF_RETURN_IF_ERROR(ScoreRows(search_.view(), searched));
  return queue_.Run(num_elements_, CommitSites{view(), best_.data(), search_.view()});
}

absl::StatusOr<std::vector<int>> Matcher::SumCounts(const GpuBatch& batch) {
  at::Tensor ends = ends_.narrow(0, 0, num_elements_);
  at::cumsum_out(ends, counts_.narrow(0, 0, num_elements_), 0, at::kInt);
  const DeviceArray<int> totals(runtime_, batch.size());
  const int ranges = static_cast<int>(batch.size());
  NEMF_RETURN_IF_ERROR(
      queue_.Run(ranges, RowsByItem{view(), ends.const_data_ptr<int>(), totals.data()}));
  std::vector<int> counts(batch.size());
  NEMF_RETURN_IF_ERROR(
      staging_->Download(totals.data(), counts.size() * sizeof(int), counts.data()));
  for (int i = ranges - 1; i > 0; --i) counts[i] -= counts[i - 1];
  return counts;
}

absl::Status Matcher::ScoreRows(const RowsView& rows, int count) {
  for (int begin = 0; begin < count; begin += network_->rows()) {
    const int size = std::min(network_->rows(), count - begin);
    NEMF_RETURN_IF_ERROR(network_->Score({items_.data(), rows, begin, size}));
  }
  return absl::OkStatus();
}

absl::Status Matcher::RunOptimize(const GpuBatch& batch) {
  NEMF_RETURN_IF_ERROR(UploadBatch(batch));
  NEMF_RETURN_IF_ERROR(queue_.Run(
      num_elements_, StartPoints{view(), candidates_.view(), start_.data(), states_.data()}));
  NEMF_RETURN_IF_ERROR(Steps(batch));
  for (const WorkRange& range : batch) {
    const int scores = range.item->phase == Phase::kRefine ? 1 : 0;
    range.item->queries +=
        std::int64_t{range.size()} * (range.item->plan->optimize_steps() + scores);
  }
  NEMF_RETURN_IF_ERROR(queue_.Run(num_elements_, StoreSites{view(), candidates_.view()}));
  if (!AnyRefine(batch)) return absl::OkStatus();
  NEMF_RETURN_IF_ERROR(ScoreRows(candidates_.view(), num_elements_));
  NEMF_RETURN_IF_ERROR(
      queue_.Run(num_elements_, WritePoints{view(), candidates_.view(), answers_.data()}));
  return TakePoints(batch);
}

absl::Status Matcher::Steps(const GpuBatch& batch) {
  const RowBlockView row_block = {items_.data(), candidates_.view(), 0, num_elements_};
  const int steps = MaxSteps(batch);
  for (int step = 0; step < steps; ++step) {
    NEMF_RETURN_IF_ERROR(network_->Gradient(row_block));
    NEMF_RETURN_IF_ERROR(queue_.Run(
        num_elements_,
        StepPoints{row_block, network_->products(), start_.data(), states_.data(), step}));
  }
  return absl::OkStatus();
}

absl::Status Matcher::RunUpsample(const GpuBatch& batch) {
  NEMF_RETURN_IF_ERROR(UploadBatch(batch));
  const int* ends = ends_.const_data_ptr<int>();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_elements_, CountUpsampled{view(), counts_.data_ptr<int>()}));
  const absl::StatusOr<std::vector<int>> counts = SumCounts(batch);
  if (!counts.ok()) return counts.status();
  NEMF_RETURN_IF_ERROR(queue_.Run(num_elements_, EmitUpsampled{view(), ends, candidates_.view()}));
  int total = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].item->queries += (*counts)[i];
    total += (*counts)[i];
  }
  NEMF_RETURN_IF_ERROR(ScoreRows(candidates_.view(), total));
  NEMF_RETURN_IF_ERROR(queue_.Run(
      num_elements_, SelectUpsampled{view(), ends, candidates_.view(), answers_.data()}));
  return TakePoints(batch);
}

absl::Status Matcher::TakePoints(const GpuBatch& batch) {
  std::vector<AnswerPoint> points(num_elements_);
  NEMF_RETURN_IF_ERROR(
      staging_->Download(answers_.data(), points.size() * sizeof(AnswerPoint), points.data()));
  auto next = points.begin();
  for (const WorkRange& range : batch) {
    auto& task = static_cast<DeviceTask&>(*range.item->state);
    const bool answers = range.item->phase == Phase::kRefine;
    for (int point = range.begin; point < range.end; ++point, ++next) {
      if (!answers) continue;
      task.matches[point] = {{next->pixel.x, next->pixel.y}, next->score, next->in_bounds != 0};
    }
  }
  return absl::OkStatus();
}

BatchKind KindOf(const WorkItem& item) {
  if (item.phase < Phase::kPatchMatch) return BatchKind::kNone;
  if (item.phase == Phase::kPatchMatch) return BatchKind::kPatchMatch;
  const bool upsamples = item.phase == Phase::kRefine && item.plan->strided();
  return upsamples ? BatchKind::kUpsample : BatchKind::kOptimize;
}

int NumElements(const GpuBatch& batch) {
  int elements = 0;
  for (const WorkRange& range : batch) elements += range.size();
  return elements;
}

int RowsOfElement(const WorkItem& item) {
  switch (KindOf(item)) {
    case BatchKind::kPatchMatch:
      return std::max(kMaxCandidates, item.plan->options.search_candidates);
    case BatchKind::kUpsample:
      return kMaxUpsampleCandidates;
    case BatchKind::kOptimize:
    case BatchKind::kNone:
      break;
  }
  return 1;
}

std::vector<GpuBatch> CutIntoBatches(absl::Span<WorkItem> items, BatchKind kind, int max_rows) {
  std::vector<GpuBatch> batches;
  int room = 0;  // rows left in the last batch
  for (WorkItem& item : items) {
    if (KindOf(item) != kind) continue;
    const int rows = RowsOfElement(item);
    for (int begin = item.begin; begin < item.end;) {
      if (room < rows) {
        batches.emplace_back();
        room = max_rows;
      }
      const int end = std::min(item.end, begin + room / rows);
      batches.back().push_back({&item, begin, end});
      room -= (end - begin) * rows;
      begin = end;
    }
  }
  return batches;
}

}  // namespace nemf::cuda
