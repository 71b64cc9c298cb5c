#ifndef NEMF_SERVER_ENGINE_CUDA_RUNTIME_DEVICE_ERRORS_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_RUNTIME_DEVICE_ERRORS_TORCH_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace nemf {

// Runs `work` and returns its status; exceptions, which LibTorch reports errors with, become one:
// RESOURCE_EXHAUSTED when memory was short, INTERNAL and fatal (see fatal_error.h) for errors of
// CUDA and its libraries, INTERNAL for others.
absl::Status CatchDeviceErrors(absl::FunctionRef<absl::Status()> work);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_DEVICE_ERRORS_TORCH_H_
