#include <ATen/Parallel.h>
#include <torch/script.h>

#include <utility>

#include "server/engine/device/torch_support.h"
#include "server/engine/encoder/encoder.h"
#include "server/engine/encoder/encoder_module_torch.h"

namespace nemf {

namespace {

// The tensor's values in row-major order, whatever its strides.
std::vector<float> ToVector(const at::Tensor& tensor) {
  std::vector<float> values(tensor.numel());
  at::from_blob(values.data(), tensor.sizes()).copy_(tensor);
  return values;
}

// Returns the image's bytes as a tensor that does not own them.
at::Tensor BytesOf(const Image& image) {
  auto* bytes = const_cast<std::uint8_t*>(image.rgb.data());
  return at::from_blob(bytes, {image.size.height, image.size.width, 3}, at::kByte);
}

class TorchEncoder : public Encoder {
 public:
  TorchEncoder(const std::string& bytes, const EncoderShape& shape)
      : module_(bytes, shape, at::kCPU) {}

  absl::StatusOr<Encoding> Run(const ImagePair& pair, int threads) override {
    using Result = absl::StatusOr<Encoding>;
    return CatchExceptions(absl::StatusCode::kInternal, "cannot run the encoder", [&]() -> Result {
      SetTorchThreads(threads);
      const absl::StatusOr<EncodedTensors> tensors =
          module_.Run(BytesOf(*pair.query), BytesOf(*pair.reference));
      if (!tensors.ok()) return tensors.status();
      return Encoding{ToVector(tensors->phi), ToVector(tensors->coarse), ToVector(tensors->cost)};
    });
  }

  absl::Status RunSmokeTest(int threads) {
    return CatchExceptions(absl::StatusCode::kInvalidArgument, "cannot run the encoder", [&] {
      SetTorchThreads(threads);
      return module_.RunSmokeTest();
    });
  }

 private:
  EncoderModule module_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> Encoder::Load(const std::string& bytes,
                                                       const EncoderShape& shape, int threads) {
  using Result = absl::StatusOr<std::unique_ptr<Encoder>>;
  return CatchExceptions(absl::StatusCode::kInvalidArgument, "cannot load", [&]() -> Result {
    auto encoder = std::make_unique<TorchEncoder>(bytes, shape);
    const absl::Status status = encoder->RunSmokeTest(threads);
    if (!status.ok()) return status;
    return encoder;
  });
}

void SetTorchThreads(int threads) {
  // In its first operator a thread adopts the number that any thread has set last. Reading the
  // number makes it do so now, so that it does not overwrite the number set here.
  at::get_num_threads();
  at::set_num_threads(threads);
}

}  // namespace nemf
