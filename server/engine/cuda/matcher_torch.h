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

// WorkItems that are done by the same kernels.
enum class BatchKind {
  kNone,        // preparation and snapshots, which need no field evaluations
  kPatchMatch,  // an iteration on sites
  kOptimize,    // the optimiser on sites, or on the points of a plan that is not strided
  kUpsample,    // the points of a strided plan
};

BatchKind KindOf(const WorkItem& item);

// The sites or points [begin, end) of a item.
struct WorkRange {
  WorkItem* item;
  int begin;
  int end;

  int size() const { return end - begin; }
};

// Ranges, of any tasks, that go through the kernels together; an element is a site or point of
// theirs.
using GpuBatch = std::vector<WorkRange>;

int NumElements(const GpuBatch& batch);

// Rows of field queries that an element of the item needs at a time, at most.
int RowsOfElement(const WorkItem& item);

// The items of one kind, cut so that a batch needs at most `max_rows` rows (at least 16).
std::vector<GpuBatch> CutIntoBatches(absl::Span<WorkItem> items, BatchKind kind, int max_rows);

// Does items of tasks on a device: in batches of sites or points of any tasks, whose field queries
// go through the network in row blocks of its rows. The memory for it is allocated when it is made.
// Used from one thread at a time, under Enter(kMatching).
class Matcher {
 public:
  // For row blocks of `rows` rows; see Network::Create(). The other arguments outlive it.
  static absl::StatusOr<std::unique_ptr<Matcher>> Create(const NetworkWeights* weights, int rows,
                                                         DeviceRuntime* runtime, Staging* staging);
  // Device memory that it holds, bytes.
  static std::size_t Bytes(const FieldShape& shape, Precision precision, int rows);

  int rows() const { return network_->rows(); }

  // See Backend::Run(). The tasks are uploaded. The items may be done again after an error: what
  // they read is not changed before a task goes on to its next sweep.
  absl::Status Run(absl::Span<WorkItem> items);

 private:
  // `count` rows of field queries.
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
  // Puts the views of the batch's ranges on the device, where view() finds them.
  absl::Status UploadBatch(const GpuBatch& batch);
  BatchView view() const;
  // From the elements' counts to the running sums, and the rows of each range, on the host.
  absl::StatusOr<std::vector<int>> SumCounts(const GpuBatch& batch);
  absl::Status ScoreRows(const RowsView& rows, int count);
  absl::Status Steps(const GpuBatch& batch);
  // Copies the elements' answers to the tasks of those ranges that are in the finish.
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
