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

// Rows of a row_block: how many field queries go through the network at a time.
struct RowBlockOptions {
  int rows = 16384;     // a multiple of 64
  int min_rows = 1024;  // when memory is short, the rows are halved down to here
};

// The back end on a device. Encoding and matching have a stream each and may go on at the same
// time. The memory of the matching is planned here: the row_block is halved until it takes no more
// than half of the device's free memory. What a task and a pair hold comes from LibTorch's cache.
//
// Where memory runs short later, the row_block is halved and the items at hand are done again; the
// error is RESOURCE_EXHAUSTED only when that does not help. Rows go through matrix products of
// another shape then, so answers may differ in their last bits from those before. An error that
// IsFatal() is returned by all later calls.
absl::StatusOr<std::unique_ptr<Backend>> MakeDeviceBackend(std::unique_ptr<DeviceRuntime> runtime,
                                                           std::unique_ptr<DeviceEncoder> encoder,
                                                           FieldWeights weights,
                                                           Precision precision,
                                                           const RowBlockOptions& options);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_DEVICE_BACKEND_TORCH_H_
