#include <ATen/Parallel.h>
#include <torch/script.h>

#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/encoder.h"
#include "server/engine/torch_status.h"
#include "server/engine/torch_threads.h"

namespace nemf {

namespace {

absl::Status CheckShape(absl::string_view name, const at::Tensor& tensor,
                        const std::vector<std::int64_t>& shape) {
  if (tensor.sizes() == at::IntArrayRef(shape)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("output ", name, " has shape [",
                                                 absl::StrJoin(tensor.sizes(), ", "),
                                                 "], must be [", absl::StrJoin(shape, ", "), "]"));
}

std::vector<float> ToVector(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  return std::vector<float>(data, data + values.numel());
}

class TorchEncoder : public Encoder {
 public:
  TorchEncoder(torch::jit::Module module, const EncoderShape& shape, int threads)
      : module_(std::move(module)), shape_(shape), threads_(threads) {}

  absl::StatusOr<Encoding> Run(const ImagePair& pair) override {
    return RunInputs(absl::StatusCode::kInternal,
                     [&] { return std::pair(Prepare(pair.query), Prepare(pair.reference)); });
  }

  absl::Status WarmUp() {
    const std::int64_t size = shape_.input_size;
    return RunInputs(
               absl::StatusCode::kInvalidArgument,
               [&] {
                 return std::pair(at::zeros({1, 3, size, size}), at::zeros({1, 3, size, size}));
               })
        .status();
  }

 private:
  // Encodes the two inputs that `make_inputs` returns; failures get the code.
  template <typename Function>
  absl::StatusOr<Encoding> RunInputs(absl::StatusCode code, Function make_inputs) {
    using Result = absl::StatusOr<Encoding>;
    return CatchExceptions(code, "cannot run the encoder", [&]() -> Result {
      SetTorchThreads(threads_);
      const c10::InferenceMode no_gradients;
      // Without the optimising executor the first pairs take no longer than later ones, and all
      // pairs run the same code.
      const torch::jit::GraphOptimizerEnabledGuard no_optimizer(false);
      const auto [query, reference] = make_inputs();
      return Unpack(module_.forward({query, reference}));
    });
  }

  // The encoder's input [1, 3, S, S] of an image.
  at::Tensor Prepare(const Image& image) const {
    auto* bytes = const_cast<std::uint8_t*>(image.rgb.data());
    const at::Tensor rgb = at::from_blob(bytes, {image.size.height, image.size.width, 3}, at::kByte)
                               .permute({2, 0, 1})
                               .unsqueeze(0)
                               .to(at::kFloat)
                               .contiguous()
                               .div_(255);
    const std::int64_t size = shape_.input_size;
    const at::Tensor resized = at::upsample_bicubic2d(rgb, {size, size}, /*align_corners=*/true);
    return (resized - PerChannel(shape_.mean)) / PerChannel(shape_.std);
  }

  static at::Tensor PerChannel(const std::array<float, 3>& values) {
    return at::tensor(at::ArrayRef<float>(values.data(), 3)).view({1, 3, 1, 1});
  }

  absl::StatusOr<Encoding> Unpack(const c10::IValue& output) const {
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
    return Encoding{ToVector(parts[0].toTensor()[0].permute({1, 2, 3, 4, 0})),
                    ToVector(parts[1].toTensor()[0]), ToVector(parts[2].toTensor()[0])};
  }

  torch::jit::Module module_;
  const EncoderShape shape_;
  const int threads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> Encoder::Load(const std::string& bytes,
                                                       const EncoderShape& shape, int threads) {
  using Result = absl::StatusOr<std::unique_ptr<Encoder>>;
  return CatchExceptions(absl::StatusCode::kInvalidArgument, "cannot load", [&]() -> Result {
    std::istringstream stream(bytes);
    torch::jit::Module module = torch::jit::load(stream, torch::kCPU);
    module.eval();
    auto encoder = std::make_unique<TorchEncoder>(std::move(module), shape, threads);
    const absl::Status status = encoder->WarmUp();
    if (!status.ok()) return status;
    return encoder;
  });
}

void SetTorchThreads(int threads) { at::set_num_threads(threads); }

}  // namespace nemf
