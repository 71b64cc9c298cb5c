#include "server/engine/encoder/encoder_module_torch.h"

#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nemf {

namespace {

torch::jit::Module LoadModule(const std::string& bytes, at::Device device) {
  std::istringstream stream(bytes);
  torch::jit::Module module = torch::jit::load(stream, device);
  module.eval();
  return module;
}

absl::Status CheckShape(absl::string_view name, const at::Tensor& tensor,
                        const std::vector<std::int64_t>& shape) {
  if (tensor.sizes() == at::IntArrayRef(shape)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("output ", name, " has shape [",
                                                 absl::StrJoin(tensor.sizes(), ", "),
                                                 "], must be [", absl::StrJoin(shape, ", "), "]"));
}

}  // namespace

EncoderModule::EncoderModule(const std::string& bytes, const EncoderShape& shape, at::Device device)
    : module_(LoadModule(bytes, device)), shape_(shape), device_(device) {}

absl::StatusOr<EncodedTensors> EncoderModule::Run(const at::Tensor& query,
                                                  const at::Tensor& reference) {
  const c10::InferenceMode no_gradients;
  return Encode(Prepare(query), Prepare(reference));
}

absl::Status EncoderModule::RunSmokeTest() {
  const c10::InferenceMode no_gradients;
  const std::int64_t size = shape_.input_size;
  const at::Tensor empty = at::zeros({1, 3, size, size}, at::TensorOptions().device(device_));
  return Encode(empty, empty.clone()).status();
}

// The module's answer for inputs [1, 3, S, S].
absl::StatusOr<EncodedTensors> EncoderModule::Encode(const at::Tensor& query,
                                                     const at::Tensor& reference) {
  // Without the optimising executor the first pairs take no longer than later ones, and all pairs
  // run the same code.
  const torch::jit::GraphOptimizerEnabledGuard no_optimizer(false);
  return Unpack(module_.forward({query, reference}));
}

at::Tensor EncoderModule::Prepare(const at::Tensor& image) const {
  const at::Tensor rgb =
      image.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).contiguous().div_(255);
  const std::int64_t size = shape_.input_size;
  const at::Tensor resized = at::upsample_bicubic2d(rgb, {size, size}, /*align_corners=*/true);
  return (resized - PerChannel(shape_.mean)) / PerChannel(shape_.std);
}

at::Tensor EncoderModule::PerChannel(const std::array<float, 3>& values) const {
  return at::tensor(at::ArrayRef<float>(values.data(), 3)).view({1, 3, 1, 1}).to(device_);
}

absl::StatusOr<EncodedTensors> EncoderModule::Unpack(const c10::IValue& output) const {
  const std::int64_t g = shape_.grid;
  if (!output.isTuple() || output.toTupleRef().elements().size() != 3) {
    return absl::InvalidArgumentError("the encoder must return (phi, coarse, cost)");
  }
  const auto& parts = output.toTupleRef().elements();
  absl::Status status;
  status.Update(CheckShape("phi", parts[0].toTensor(), {1, shape_.channels, g, g, g, g}));
  status.Update(CheckShape("coarse", parts[1].toTensor(), {1, 2, g, g}));
  status.Update(CheckShape("cost", parts[2].toTensor(), {1, g * g, g * g}));
  if (!status.ok()) return status;
  const auto part = [&](int i) { return parts[i].toTensor()[0].to(at::kFloat); };
  return EncodedTensors{part(0).permute({1, 2, 3, 4, 0}).contiguous(), part(1).contiguous(),
                        part(2).contiguous()};
}

}  // namespace nemf
