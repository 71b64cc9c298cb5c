#ifndef NEMF_SERVER_ENGINE_CUDA_DEVICE_ENCODER_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_DEVICE_ENCODER_TORCH_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/cuda/device_task_torch.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/device/device.h"
#include "server/engine/encoder/encoder.h"

namespace nemf::cuda {

// Encodes pairs one by one for a device. Must be used from one thread at a time, under
// Enter(kEncoding).
class DeviceEncoder {
 public:
  virtual ~DeviceEncoder() = default;
  // Encodes a pair and waits until the encoding is complete. Phi has the encoder's precision.
  virtual absl::StatusOr<DeviceEncoding> Run(const ImagePair& pair) = 0;
};

// Loads the module of a bundle's encoder.pt to the device `where` and warms it up. It computes in
// float32; the faster, less exact mode of some GPUs (TF32) is off. Returns INVALID_ARGUMENT if the
// module cannot be loaded or breaks the contract in bundle_reader.h.
absl::StatusOr<std::unique_ptr<DeviceEncoder>> LoadDeviceEncoder(const std::string& bytes,
                                                                 const EncoderShape& shape,
                                                                 Precision precision,
                                                                 at::Device where,
                                                                 DeviceRuntime* runtime);

// Returns an encoder that encodes on the host and copies the encodings to the device.
std::unique_ptr<DeviceEncoder> MakeUploadingEncoder(std::unique_ptr<Encoder> encoder,
                                                    const EncoderShape& shape, Precision precision,
                                                    DeviceRuntime* runtime);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_DEVICE_ENCODER_TORCH_H_
