#include <ATen/ATen.h>

#include <utility>

#include "server/base/status_macros.h"
#include "server/engine/cuda/network_torch.h"

namespace nemf {

namespace {

// Puts host tensors and vectors on the device, the tensors in the network's precision.
class Uploader {
 public:
  Uploader(at::ScalarType type, DeviceRuntime* runtime, Staging* staging)
      : type_(type), runtime_(runtime), staging_(staging) {}

  absl::Status Upload(const at::Tensor& values, at::Tensor* out) {
    const at::Tensor host = values.to(type_).contiguous();
    *out = runtime_->NewTensor(host.sizes(), type_);
    return staging_->Upload(host.const_data_ptr(), host.nbytes(), out->data_ptr());
  }
  absl::Status Upload(const at::Tensor& values, std::vector<at::Tensor>* out) {
    return Upload(values, &out->emplace_back());
  }
  absl::Status Upload(const std::vector<float>& values, DeviceArray<float>* out) {
    return staging_->Upload(values, out);
  }
  absl::Status Upload(const std::vector<float>& values, std::vector<DeviceArray<float>>* out) {
    return staging_->Upload(values, &out->emplace_back());
  }

 private:
  const at::ScalarType type_;
  DeviceRuntime* const runtime_;
  Staging* const staging_;
};

// A layer's weight as a tensor [outputs][inputs] that does not own its memory.
at::Tensor WeightOf(const Linear& layer) {
  return at::from_blob(const_cast<float*>(layer.weight.data()), {layer.outputs, layer.inputs});
}

at::Tensor BiasOf(const Linear& layer) {
  return at::from_blob(const_cast<float*>(layer.bias.data()), {layer.outputs});
}

absl::Status UploadBlock(const FieldWeights& weights, int block, Uploader* uploader,
                         NetworkWeights* out) {
  NEMF_RETURN_IF_ERROR(uploader->Upload(WeightOf(weights.fc_0[block]).t(), &out->fc_0));
  NEMF_RETURN_IF_ERROR(uploader->Upload(BiasOf(weights.fc_0[block]), &out->fc_0_bias));
  NEMF_RETURN_IF_ERROR(uploader->Upload(WeightOf(weights.fc_1[block]).t(), &out->fc_1));
  return uploader->Upload(WeightOf(weights.fc_c[block]).t(), &out->fc_c);
}

absl::Status UploadBiases(const FieldWeights& weights, Uploader* uploader, NetworkWeights* out) {
  const FieldShape& shape = weights.shape;
  std::vector<float> bias(shape.hidden, 0.0f);
  for (int i = 0; i < shape.blocks; ++i) {
    NEMF_RETURN_IF_ERROR(uploader->Upload(bias, &out->enter_bias));
    for (int h = 0; h < shape.hidden; ++h) {
      bias[h] += weights.fc_1[i].bias[h];
      if (i + 1 < shape.blocks) bias[h] += weights.fc_c[i + 1].bias[h];
    }
  }
  return uploader->Upload(bias, &out->leave_bias);
}

}  // namespace

EmbeddingView NetworkWeights::embedding() const {
  return {frequencies.data(), static_cast<int>(frequencies.size()), shape.scale, shape.offset};
}

at::ScalarType NetworkWeights::type() const {
  return precision == Precision::kFloat16 ? at::kHalf : at::kFloat;
}

absl::StatusOr<NetworkWeights> UploadWeights(const FieldWeights& weights, Precision precision,
                                             DeviceRuntime* runtime, Staging* staging) {
  NetworkWeights out;
  out.shape = weights.shape;
  out.precision = precision;
  out.out_bias = weights.fc_out.bias[0];
  Uploader uploader(out.type(), runtime, staging);
  const at::Tensor reference = WeightOf(weights.fc_p).slice(1, 0, weights.shape.embedding_size());
  NEMF_RETURN_IF_ERROR(
      uploader.Upload(at::cat({WeightOf(weights.fc_c[0]), reference}, 1).t(), &out.first));
  for (int i = 0; i < weights.shape.blocks; ++i) {
    NEMF_RETURN_IF_ERROR(UploadBlock(weights, i, &uploader, &out));
  }
  NEMF_RETURN_IF_ERROR(UploadBiases(weights, &uploader, &out));
  NEMF_RETURN_IF_ERROR(uploader.Upload(weights.fc_out.weight, &out.out_weight));
  NEMF_RETURN_IF_ERROR(uploader.Upload(weights.shape.frequencies, &out.frequencies));
  return out;
}

}  // namespace nemf
