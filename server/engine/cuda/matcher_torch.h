#ifndef NEMF_SERVER_ENGINE_CUDA_MATCHER_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_MATCHER_TORCH_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/engine/cuda/network_torch.h"
#include "server/engine/cuda/runtime/queue.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/cuda/runtime/staging_torch.h"
#include "server/engine/matching/backend.h"

namespace nemf::cuda {

// The kinds of work items. The same kernels do all items of one kind.
enum class BatchKind {
  kNone,        // preparation and snapshots, which need no field evaluations
  kPatchMatch,  // an iteration on sites
  kOptimize,    // the optimiser on sites, or on the points of a plan that is not strided
  kUpsample,    // the points of a strided plan
};

BatchKind KindOf(const WorkItem& item);

// The sites or points [begin, end) of a work item.
struct WorkRange {
  WorkItem* item;
  int begin;
  int end;

  int size() const { return end - begin; }
};

// Ranges, of any tasks, that go through the kernels together. Their sites and points are the
// batch's elements.
using GpuBatch = std::vector<WorkRange>;

int NumElements(const GpuBatch& batch);

// Returns the most rows of field evaluations that an element of the item needs at a time.
int RowsOfElement(const WorkItem& item);

// Cuts the items of one kind into batches that need at most `max_rows` rows each (at least 16).
std::vector<GpuBatch> CutIntoBatches(absl::Span<WorkItem> items, BatchKind kind, int max_rows);

// Does the work items of tasks on a device, in batches of sites or points of any tasks. Their field
// evaluations go through the network in row blocks. Its memory is allocated when it is made. Must
// be used from one thread at a time, under Enter(kMatching).
class Matcher {
 public:
  // Makes a matcher for row blocks of `rows` rows; see Network::Create(). The pointers must outlive
  // it.
  static absl::StatusOr<std::unique_ptr<Matcher>> Create(const NetworkWeights* weights, int rows,
                                                         DeviceRuntime* runtime, Staging* staging);
  // Returns the device memory that a matcher holds, in bytes.
  static std::size_t Bytes(const FieldShape& shape, Precision precision, int rows);

  int rows() const { return network_->rows(); }

  // Does the items of the phases with field evaluations; see Backend::Run(). The tasks must be
  // prepared. After an error the items may be done again: what they read does not change before a
  // task begins its next sweep.
  absl::Status Run(absl::Span<WorkItem> items);

 private:
  // `count` rows of field evaluations.
  struct RowArrays {
    RowArrays(DeviceRuntime* runtime, std::size_t count);
    RowsView view() const { return {reference.data(), item.data(), query.data(), scores.data()}; }
    DeviceArray<Vec2> reference;
    DeviceArray<int> item;
    DeviceArray<TableIndex> query;
    DeviceArray<float> scores;
  };

  Matcher(std::unique_ptr<Network> network, DeviceRuntime* runtime, Staging* staging);

  absl::Status RunPatchMatch(const GpuBatch& batch);
  absl::Status RunOptimize(const GpuBatch& batch);
  absl::Status RunUpsample(const GpuBatch& batch);
  // Uploads the views of the batch's ranges, for view().
  absl::Status UploadBatch(const GpuBatch& batch);
  BatchView view() const;
  // Computes the running sums of the elements' counts. Returns the rows of each range, on the host.
  absl::StatusOr<std::vector<int>> SumCounts(const GpuBatch& batch);
  absl::Status ScoreRows(const RowsView& rows, int count);
  absl::Status Steps(const GpuBatch& batch);
  // Copies the elements' answers to the tasks of the ranges of kRefine.
  absl::Status TakePoints(const GpuBatch& batch);

  DeviceRuntime* const runtime_;
  Staging* const staging_;
  const Queue queue_;
  const std::unique_ptr<Network> network_;
  DeviceArray<WorkItemView> items_;
  int num_elements_ = 0;
  const RowArrays candidates_;  // of propagation and upsampling; the optimiser's points
  const RowArrays search_;
  // By element.
  const at::Tensor counts_;  // int: its rows
  at::Tensor ends_;          // int: their running sum
  const DeviceArray<ScoredPoint> best_;
  const DeviceArray<Vec2> start_;
  const DeviceArray<AdamState> states_;
  const DeviceArray<AnswerPoint> answers_;
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_MATCHER_TORCH_H_
