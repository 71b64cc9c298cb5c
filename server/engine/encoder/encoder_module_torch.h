#ifndef NEMF_SERVER_ENGINE_ENCODER_ENCODER_MODULE_TORCH_H_
#define NEMF_SERVER_ENGINE_ENCODER_ENCODER_MODULE_TORCH_H_

#include <torch/script.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/engine/bundle/bundle_reader.h"

namespace nemf {

// The encoding of one pair: float32, on the encoder's device. Strides are arbitrary, so that a
// caller makes only the copy that it needs.
struct EncodedTensors {
  at::Tensor phi;     // [grid][grid][grid][grid][channels], as in Encoding
  at::Tensor coarse;  // [2][grid][grid]
  at::Tensor cost;    // [grid * grid][grid * grid]
};

// Resizes `image`, bytes [height][width][3], with values divided by 255 -> [1][3][size][size],
// float32, on the image's device. Has the bits of at::upsample_bicubic2d() with aligned corners
// over the whole image. Only the pixels that the result depends on become floats: at most 4 * size
// along each axis.
at::Tensor ResizeImage(const at::Tensor& image, std::int64_t size);

// The TorchScript module of a bundle's encoder.pt on a device. The steps are the same on a CPU and
// on a GPU. Failures of LibTorch throw. Threads may call it at the same time.
class EncoderModule {
 public:
  // Loads the module in `bytes` to `device`.
  EncoderModule(const std::string& bytes, const EncoderShape& shape, at::Device device);

  // Resizes both images, bytes [height][width][3] on the device, to the encoder's size (bicubic,
  // aligned corners), normalises and encodes them. Returns INVALID_ARGUMENT if the module breaks
  // the contract in bundle_reader.h.
  absl::StatusOr<EncodedTensors> Run(const at::Tensor& query, const at::Tensor& reference);

  // Encodes an empty pair, which warms the module up and checks its output.
  absl::Status RunSmokeTest();

 private:
  at::Tensor Prepare(const at::Tensor& image) const;
  at::Tensor PerChannel(const std::array<float, 3>& values) const;
  absl::StatusOr<EncodedTensors> Encode(const at::Tensor& query, const at::Tensor& reference);
  absl::StatusOr<EncodedTensors> Unpack(const c10::IValue& output) const;

  torch::jit::Module module_;
  const EncoderShape shape_;
  const at::Device device_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_ENCODER_ENCODER_MODULE_TORCH_H_
