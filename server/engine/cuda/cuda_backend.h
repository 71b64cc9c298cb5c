#ifndef NEMF_SERVER_ENGINE_CUDA_CUDA_BACKEND_H_
#define NEMF_SERVER_ENGINE_CUDA_CUDA_BACKEND_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/device/device.h"
#include "server/engine/encoder/encoder.h"
#include "server/engine/matching/backend.h"

namespace nemf::cuda {

// Returns the number of GPUs that this build can use: 0 without CUDA or without a GPU.
int DeviceCount();

// Returns the memory use of a GPU, or FAILED_PRECONDITION if the build has no CUDA.
absl::StatusOr<MemoryUse> MeasureMemoryUse(int index);

struct BackendOptions {
  int index = 0;  // of the GPU
  Precision precision = Precision::kFloat32;
};

// Makes the back end on a GPU, with the encoder of a bundle's encoder.pt on the same GPU. The
// network is recorded and the encoder is warm when this returns. Returns FAILED_PRECONDITION if the
// build has no CUDA or there is no such GPU, INVALID_ARGUMENT for a broken encoder, and
// RESOURCE_EXHAUSTED if the GPU's memory is too small.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const BackendOptions& options,
                                                     const std::string& encoder_bytes,
                                                     const EncoderShape& shape,
                                                     FieldWeights weights);

// Does the same with an encoder on the host, whose encodings are copied to the GPU.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const BackendOptions& options,
                                                     std::unique_ptr<Encoder> encoder,
                                                     const EncoderShape& shape,
                                                     FieldWeights weights);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_CUDA_BACKEND_H_
