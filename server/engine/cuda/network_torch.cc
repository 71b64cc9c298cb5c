#include "server/engine/cuda/network_torch.h"

#include <ATen/ATen.h>

#include <utility>

#include "server/base/status_macros.h"

namespace nemf::cuda {

namespace {

int InputColumns(const FieldShape& shape) { return shape.channels + shape.embedding_size(); }

}  // namespace

std::size_t Network::Bytes(const FieldShape& shape, Precision precision, int rows) {
  const std::size_t number = precision == Precision::kFloat16 ? 2 : 4;
  const std::size_t hidden = std::size_t{4} + 2 * shape.blocks;  // buffers of H columns
  const std::size_t columns = InputColumns(shape) + shape.channels + hidden * shape.hidden;
  return rows * (columns * number + 4 * sizeof(float));
}

Network::Network(const NetworkWeights* weights, int rows, DeviceRuntime* runtime)
    : weights_(*weights),
      rows_(rows),
      queue_(runtime->stream(StreamKind::kMatching)),
      row_block_(runtime, 1),
      inputs_(runtime->NewTensor({rows, InputColumns(weights->shape)}, weights->type())),
      products_(runtime, std::size_t{4} * rows) {
  const FieldShape& shape = weights->shape;
  const auto new_buffer = [&](int columns) {
    return runtime->NewTensor({rows, columns}, weights->type());
  };
  net_ = new_buffer(shape.hidden);
  for (int i = 0; i < shape.blocks; ++i) {
    entered_.push_back(new_buffer(shape.hidden));
    inner_.push_back(new_buffer(shape.hidden));
  }
  net_slope_ = new_buffer(shape.hidden);
  inner_slope_ = new_buffer(shape.hidden);
  entered_slope_ = new_buffer(shape.hidden);
  phi_slope_ = new_buffer(shape.channels);
}

absl::StatusOr<std::unique_ptr<Network>> Network::Create(const NetworkWeights* weights, int rows,
                                                         DeviceRuntime* runtime) {
  std::unique_ptr<Network> network(new Network(weights, rows, runtime));
  Network* self = network.get();
  // An empty row block for the runs that come with recording.
  NEMF_RETURN_IF_ERROR(self->queue_.Run(1, SetRowBlock{RowBlockView{}, self->row_block_.data()}));
  auto score = runtime->Record([self] { return self->Forward(false); });
  if (!score.ok()) return score.status();
  self->score_ = *std::move(score);
  auto gradient = runtime->Record([self] {
    NEMF_RETURN_IF_ERROR(self->Forward(true));
    return self->Backward();
  });
  if (!gradient.ok()) return gradient.status();
  self->gradient_ = *std::move(gradient);
  return network;
}

absl::Status Network::Score(const RowBlockView& row_block) {
  NEMF_RETURN_IF_ERROR(queue_.Run(1, SetRowBlock{row_block, row_block_.data()}));
  return score_->Replay();
}

absl::Status Network::Gradient(const RowBlockView& row_block) {
  NEMF_RETURN_IF_ERROR(queue_.Run(1, SetRowBlock{row_block, row_block_.data()}));
  return gradient_->Replay();
}

MutableValues Network::ValuesOf(const at::Tensor& tensor) const {
  return {tensor.data_ptr(), weights_.precision == Precision::kFloat16};
}

template <typename Kernel>
absl::Status Network::RunPerNumber(int columns, const Kernel& kernel) const {
  return queue_.Run(rows_ * columns, kernel);
}

// The scores of the row block; with `keep` each block's activations stay for Backward().
absl::Status Network::Forward(bool keep) {
  const FieldShape& shape = weights_.shape;
  const RowBlockView* row_block = row_block_.data();
  const MutableValues inputs = ValuesOf(inputs_);
  const MutableValues net = ValuesOf(net_);
  const int stride = InputColumns(shape);
  NEMF_RETURN_IF_ERROR(RunPerNumber(FillPhi::Groups(shape.channels),
                                    FillPhi{row_block, inputs, stride, shape.channels}));
  NEMF_RETURN_IF_ERROR(
      RunPerNumber(2 * weights_.embedding().count + 1,
                   FillGamma{row_block, inputs, stride, shape.channels, weights_.embedding()}));
  NEMF_RETURN_IF_ERROR(RunPerNumber(shape.hidden, FillNet{row_block, net, shape.hidden}));
  at::addmm_out(net_, net_, inputs_, weights_.first);
  for (int i = 0; i < shape.blocks; ++i) NEMF_RETURN_IF_ERROR(EnterBlock(i, keep));
  return queue_.Run(rows_, ScoreRows{row_block, net.view(), weights_.leave_bias.data(),
                                     weights_.out_weight.data(), weights_.out_bias, shape.hidden});
}

// net += fc_1(relu(fc_0(relu(net)))), and the next block's fc_c(phi), without the added biases.
absl::Status Network::EnterBlock(int block, bool keep) {
  const FieldShape& shape = weights_.shape;
  at::Tensor& entered = entered_[keep ? block : 0];
  at::Tensor& inner = inner_[keep ? block : 0];
  NEMF_RETURN_IF_ERROR(RunPerNumber(
      shape.hidden, AddBiasRelu{ValuesOf(net_).view(), weights_.enter_bias[block].data(),
                                ValuesOf(entered), shape.hidden}));
  // On CUDA one product of cuBLASLt, bias and relu included.
  at::_addmm_activation_out(inner, weights_.fc_0_bias[block], entered, weights_.fc_0[block]);
  at::addmm_out(net_, net_, inner, weights_.fc_1[block]);
  if (block + 1 < shape.blocks) {
    at::addmm_out(net_, net_, inputs_.narrow(1, 0, shape.channels), weights_.fc_c[block + 1]);
  }
  return absl::OkStatus();
}

// From the activations that Forward() left to d score / d phi and the corner products.
absl::Status Network::Backward() {
  const FieldShape& shape = weights_.shape;
  const int hidden = shape.hidden;
  NEMF_RETURN_IF_ERROR(
      RunPerNumber(hidden, MaskWeights{ValuesOf(net_).view(), weights_.leave_bias.data(),
                                       weights_.out_weight.data(), ValuesOf(net_slope_), hidden}));
  for (int i = shape.blocks - 1; i >= 0; --i) {
    at::mm_out(inner_slope_, net_slope_, weights_.fc_1[i].t());
    NEMF_RETURN_IF_ERROR(
        RunPerNumber(hidden, MaskRows{ValuesOf(inner_[i]).view(), ValuesOf(inner_slope_)}));
    at::mm_out(entered_slope_, inner_slope_, weights_.fc_0[i].t());
    NEMF_RETURN_IF_ERROR(
        RunPerNumber(hidden, AddMasked{ValuesOf(entered_slope_).view(),
                                       ValuesOf(entered_[i]).view(), ValuesOf(net_slope_)}));
    if (i + 1 == shape.blocks) {
      at::mm_out(phi_slope_, net_slope_, weights_.fc_c[i].t());
    } else {
      at::addmm_out(phi_slope_, phi_slope_, net_slope_, weights_.fc_c[i].t());
    }
  }
  return RunPerNumber(
      4, CornerProducts{row_block_.data(), ValuesOf(phi_slope_).view(), products_.data()});
}

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

}  // namespace nemf::cuda
