#ifndef NEMF_SERVER_ENGINE_CUDA_NETWORK_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_NETWORK_TORCH_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/cuda/runtime/queue.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/cuda/runtime/staging_torch.h"
#include "server/engine/device/device.h"

namespace nemf::cuda {

// The matching field's parameters on a device, in its precision. Immutable.
struct NetworkWeights {
  FieldShape shape;
  Precision precision;
  at::Tensor first;                   // [C + 4F + 2][H]: fc_c[0], fc_p's reference columns
  std::vector<at::Tensor> fc_0;       // [H][H], inputs first, as all of these
  std::vector<at::Tensor> fc_0_bias;  // [H]
  std::vector<at::Tensor> fc_1;       // [H][H]
  std::vector<at::Tensor> fc_c;       // [C][H]
  // Biases of the layers added to `net` so far, which `net` itself leaves out: at the entry of each
  // block, and at the end.
  std::vector<DeviceArray<float>> enter_bias;
  DeviceArray<float> leave_bias;
  DeviceArray<float> out_weight;  // [H]
  float out_bias = 0;
  DeviceArray<float> frequencies;  // [F]

  EmbeddingView embedding() const;
  at::ScalarType type() const;
};

// Uploads the parameters. Must be called under Enter(kMatching) of the runtime.
absl::StatusOr<NetworkWeights> UploadWeights(const FieldWeights& weights, Precision precision,
                                             DeviceRuntime* runtime, Staging* staging);

// The matching field over row blocks of exactly `rows` rows. Every matrix product always has the
// same shape. So a row's result does not depend on the other rows, as long as the library's
// products treat all rows of one shape alike, and the whole network can be recorded once (a CUDA
// graph). All memory is allocated when it is made. Must be used from one thread at a time, under
// Enter(kMatching).
class Network {
 public:
  // Makes a network for `rows` rows, a multiple of 64. Returns RESOURCE_EXHAUSTED if the device's
  // memory is short.
  static absl::StatusOr<std::unique_ptr<Network>> Create(const NetworkWeights* weights, int rows,
                                                         DeviceRuntime* runtime);
  // Returns the device memory that a network of `rows` rows holds, in bytes.
  static std::size_t Bytes(const FieldShape& shape, Precision precision, int rows);

  int rows() const { return rows_; }

  // Scores the row block's rows -> row block.rows.scores. At most rows() of them; so below.
  absl::Status Score(const RowBlockView& row_block);
  // The same, and products() = the row block's rows' CornerProducts.
  absl::Status Gradient(const RowBlockView& row_block);
  const float* products() const { return products_.data(); }

 private:
  Network(const NetworkWeights* weights, int rows, DeviceRuntime* runtime);

  absl::Status Forward(bool keep);
  absl::Status EnterBlock(int block, bool keep);
  absl::Status Backward();
  // Calls the kernel for each element of a [rows][columns] buffer.
  template <typename Kernel>
  absl::Status RunPerNumber(int columns, const Kernel& kernel) const;
  MutableValues ValuesOf(const at::Tensor& tensor) const;

  const NetworkWeights& weights_;
  const int rows_;
  const Queue queue_;
  const DeviceArray<RowBlockView> row_block_;  // one: what the recordings work on
  // [rows][...], in the weights' precision.
  const at::Tensor inputs_;            // [C + 4F + 2]: phi, gamma
  at::Tensor net_;                     // [H]
  std::vector<at::Tensor> entered_;    // [H], by block: relu(net) at its entry
  std::vector<at::Tensor> inner_;      // [H], by block: relu(fc_0)
  at::Tensor net_slope_;               // [H]: d score / d net; so below
  at::Tensor inner_slope_;             // [H]
  at::Tensor entered_slope_;           // [H]
  at::Tensor phi_slope_;               // [C]
  const DeviceArray<float> products_;  // [rows][4]
  std::unique_ptr<Recording> score_;
  std::unique_ptr<Recording> gradient_;
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_NETWORK_TORCH_H_
