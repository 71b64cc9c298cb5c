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
#include "server/engine/matching/point_table.h"

namespace nemf {

// What the encoder made of a pair. Phi and the coarse map are on the device, complete: whoever made
// them has waited for the encoder's stream.
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

// A task's arrays. It is made on the host, by any thread; the matching thread uploads it when it is
// first worked on. It is dropped between two runs, when the stream has nothing left to do with it.
class DeviceTask : public TaskState {
 public:
  DeviceTask(const TaskPlan& plan, const FieldWeights& weights);

  // Puts it on the device, the coarse answer in the values; nothing if it is there. On the matching
  // thread, under Enter(kMatching). After an error it may be called again.
  absl::Status Upload(DeviceRuntime* runtime, Staging* staging, const Queue& queue);

  // The slots (or points, in the finish) from `begin` on, in a pass (see WorkItem::iteration). The
  // view's place in its batch is left to the caller. Requires Upload().
  WorkItemView View(Phase phase, int pass, int begin) const;
  // The values that a pass begins with.
  const Vec2* Before(int pass) const { return arrays_.values[pass % 2].data(); }

  const TaskPlan& plan;
  std::vector<Match> matches;  // by point of the answer, on the host

 private:
  struct HostTables {
    PointTable nodes;   // of the lattice: index (x, y)
    PointTable others;  // of the answer's points where these are not the nodes; see PointIndex
  };
  struct DeviceTable {
    DeviceArray<float> x, y, x_hidden, y_hidden;
    QueryTableView view() const { return {x.data(), y.data(), x_hidden.data(), y_hidden.data()}; }
  };
  struct Arrays {
    DeviceArray<int> pixels;      // [slots]; empty where slots are pixels
    DeviceArray<int> neighbours;  // [updated slots][4]
    DeviceTable nodes;
    DeviceTable others;
    DeviceArray<KeypointSupport> supports;  // of the keypoints; slots in place of pixels
    DeviceArray<Vec2> keypoints;            // query pixels
    DeviceArray<AdamStepSize> step_sizes;
    // By slot, double-buffered: a pass reads [pass % 2] and writes the other.
    DeviceArray<Vec2> initial;
    DeviceArray<Vec2> values[2];
    DeviceArray<float> scores[2];
    DeviceArray<char> changed[2];
  };

  const DevicePair& pair() const { return static_cast<const DevicePair&>(*plan.pair); }
  bool points_are_nodes() const { return plan.dense() && !plan.strided(); }
  int scored_slots() const { return plan.iterations() > 0 ? plan.active.Updated(0) : 0; }
  absl::Status UploadTables(Staging* staging, Arrays* arrays) const;
  absl::Status UploadPoints(Staging* staging, Arrays* arrays) const;
  absl::Status MakeSlots(DeviceRuntime* runtime, Staging* staging, const Queue& queue,
                         Arrays* arrays) const;
  ConeView ActiveOn(const Arrays& arrays) const;
  StartView Start(Phase phase) const;

  HostTables host_;
  Arrays arrays_;
  bool uploaded_ = false;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_DEVICE_TASK_TORCH_H_
