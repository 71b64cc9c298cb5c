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

// Encodes pairs one by one for a device; used from one thread at a time, under Enter(kEncoding).
class DeviceEncoder {
 public:
  virtual ~DeviceEncoder() = default;
  // Returns when the encoding is complete. Phi is in the precision asked for when it was made.
  virtual absl::StatusOr<DeviceEncoding> Run(const ImagePair& pair) = 0;
};

// The module of a bundle's encoder.pt, on the device `where`, warmed up. INVALID_ARGUMENT where it
// cannot be loaded or breaks the contract in bundle_reader.h. Float32 all through: where the
// library has a faster, less exact mode for float32 (TF32), it is left off.
absl::StatusOr<std::unique_ptr<DeviceEncoder>> LoadDeviceEncoder(const std::string& bytes,
                                                                 const EncoderShape& shape,
                                                                 Precision precision,
                                                                 at::Device where,
                                                                 DeviceRuntime* runtime);

// An encoder on the host, whose answers are copied to the device.
std::unique_ptr<DeviceEncoder> MakeUploadingEncoder(std::unique_ptr<Encoder> encoder,
                                                    const EncoderShape& shape, Precision precision,
                                                    DeviceRuntime* runtime);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_DEVICE_ENCODER_TORCH_H_
