#ifndef NEMF_SERVER_ENGINE_CUDA_RUNTIME_CUDA_ERROR_H_
#define NEMF_SERVER_ENGINE_CUDA_RUNTIME_CUDA_ERROR_H_

#include <cuda_runtime_api.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nemf::cuda {

// Returns RESOURCE_EXHAUSTED if memory is short. Otherwise returns INTERNAL, marked as fatal (see
// fatal_error.h), because CUDA's errors stay until the process ends. The text has the call, the
// error's name and meaning, file and line. Requires error != cudaSuccess.
absl::Status CudaErrorStatus(cudaError_t error, absl::string_view call, const char* file, int line);

// Writes the same text to standard error.
void LogCudaError(cudaError_t error, absl::string_view call, const char* file, int line);

}  // namespace nemf::cuda

// Returns the error of a call of CUDA's from the calling function.
#define NEMF_CUDA_RETURN_IF_ERROR(call)                                        \
  do {                                                                         \
    if (const cudaError_t error_ = (call); error_ != cudaSuccess) {            \
      return ::nemf::cuda::CudaErrorStatus(error_, #call, __FILE__, __LINE__); \
    }                                                                          \
  } while (false)

// Writes the error of a call of CUDA's to standard error. For destructors.
#define NEMF_CUDA_LOG_IF_ERROR(call)                                 \
  do {                                                               \
    if (const cudaError_t error_ = (call); error_ != cudaSuccess) {  \
      ::nemf::cuda::LogCudaError(error_, #call, __FILE__, __LINE__); \
    }                                                                \
  } while (false)

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_CUDA_ERROR_H_
