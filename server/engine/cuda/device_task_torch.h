#ifndef NEMF_SERVER_ENGINE_CUDA_DEVICE_TASK_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_DEVICE_TASK_TORCH_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "server/engine/cuda/kernels/views.h"
#include "server/engine/cuda/runtime/queue.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/cuda/runtime/staging_torch.h"
#include "server/engine/matching/backend.h"
#include "server/engine/matching/table_rows.h"

namespace nemf::cuda {

// The encoding of a pair. Phi and the coarse map are on the device and complete: the encoder's
// stream has been waited for.
struct DeviceEncoding {
  at::Tensor phi;           // [grid][grid][grid][grid][channels], float32 or float16
  at::Tensor coarse;        // [2][grid][grid], float32
  std::vector<float> cost;  // [grid][grid][grid][grid], on the host
};

class DevicePair : public EncodedPair {
 public:
  DevicePair(ImageSize query, ImageSize reference, DeviceEncoding encoding);

  ImageSize query_size() const override { return query_size_; }
  ImageSize reference_size() const override { return reference_size_; }
  std::size_t bytes() const override;
  std::vector<float> SampleCost(Point query, ImageSize nodes) const override;
  PairView view() const;

 private:
  const ImageSize query_size_;
  const ImageSize reference_size_;
  const DeviceEncoding encoding_;
};

// A task's arrays. The matching thread makes them, under Enter(kMatching), as it works on the
// phases up to kInitialize. A task is destroyed between two runs, when the stream has no work left
// for it.
class DeviceTask : public TaskState {
 public:
  DeviceTask(const TaskPlan& plan, const QueryLayer& layer) : plan(plan), layer_(layer) {}

  // Does all of an item of the phases without field evaluations, and makes room for the answers of
  // an item of kRefine. After an error it may be called again.
  absl::Status Prepare(const WorkItem& item, DeviceRuntime* runtime, Staging* staging,
                       const Queue& queue);

  // The sites, or points in kRefine, from `begin` on, in a sweep (see WorkItem::iteration). The
  // caller sets the view's place in its batch.
  WorkItemView View(Phase phase, int sweep, int begin) const;

  const TaskPlan& plan;
  std::vector<Point> snapshot;  // by point, of the last kSnapshot phase, on the host
  std::vector<Match> matches;   // by point of the answer, on the host

 private:
  struct TableAxis {
    DeviceArray<float> coordinates;
    DeviceArray<float> hidden;
  };
  struct Table {
    TableAxis axes[2];
    PointTableView view() const {
      return {axes[0].coordinates.data(), axes[1].coordinates.data(), axes[0].hidden.data(),
              axes[1].hidden.data()};
    }
  };

  const DevicePair& pair() const { return static_cast<const DevicePair&>(*plan.pair); }
  // The values that a sweep begins with.
  const Vec2* Before(int sweep) const { return values_[sweep % 2].data(); }
  absl::Status FillTables(const WorkItem& item, DeviceRuntime* runtime, Staging* staging);
  TableAxis& AxisOf(const TableRows& rows);
  absl::Status UploadPoints(Staging* staging);
  absl::Status Initialize(const WorkItem& item, DeviceRuntime* runtime, Staging* staging,
                          const Queue& queue);
  void MakeSites(DeviceRuntime* runtime);
  absl::Status Snapshot(const WorkItem& item, DeviceRuntime* runtime, Staging* staging,
                        const Queue& queue);
  ConeView ConeOnDevice() const;
  StartView Start(Phase phase) const;

  const QueryLayer& layer_;
  Table nodes_;                            // of the lattice: index (x, y)
  Table others_;                           // of the answer's points if these are not the nodes
  DeviceArray<KeypointSupport> supports_;  // of the keypoints; sites in place of pixels
  DeviceArray<Vec2> keypoints_;            // query pixels
  DeviceArray<AdamStepSize> step_sizes_;
  DeviceArray<int> pixels_;      // [sites]; empty if sites are pixels
  DeviceArray<int> neighbours_;  // [updated sites][4]
  // By site, double-buffered: a sweep reads [sweep % 2] and writes the other.
  DeviceArray<Vec2> initial_;
  DeviceArray<Vec2> values_[2];
  DeviceArray<float> scores_[2];
  DeviceArray<char> changed_[2];
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_DEVICE_TASK_TORCH_H_
