#ifndef NEMF_SERVER_ENGINE_CUDA_DEVICE_BACKEND_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_DEVICE_BACKEND_TORCH_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/cuda/device_encoder_torch.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/device/device.h"
#include "server/engine/matching/backend.h"

namespace nemf::cuda {

// The size of a row block: the field evaluations that go through the network at a time.
struct RowBlockOptions {
  int rows = 16384;     // a multiple of 64
  int min_rows = 1024;  // if memory is short, the rows are halved down to this number
};

// Makes the back end on a device. Encoding and matching have a stream each and may run at the same
// time. The row block is halved until matching takes no more than half of the device's free memory.
// Tasks and pairs take their memory from LibTorch's cache.
//
// If memory runs short later, the row block is halved and the present work items are done again.
// Run() returns RESOURCE_EXHAUSTED only if that does not help. Rows then go through matrix products
// of another shape, so answers may differ from earlier ones in their last bits. After an error that
// IsFatal(), all later calls return that error.
absl::StatusOr<std::unique_ptr<Backend>> MakeDeviceBackend(std::unique_ptr<DeviceRuntime> runtime,
                                                           std::unique_ptr<DeviceEncoder> encoder,
                                                           FieldWeights weights,
                                                           Precision precision,
                                                           const RowBlockOptions& options);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_DEVICE_BACKEND_TORCH_H_
