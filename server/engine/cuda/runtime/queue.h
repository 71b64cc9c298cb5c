#ifndef NEMF_SERVER_ENGINE_CUDA_RUNTIME_QUEUE_H_
#define NEMF_SERVER_ENGINE_CUDA_RUNTIME_QUEUE_H_

#include "absl/status/status.h"
#include "server/engine/cuda/kernels/network_kernels.h"
#include "server/engine/cuda/kernels/patchmatch_kernels.h"
#include "server/engine/cuda/kernels/refine_kernels.h"
#include "server/engine/cuda/kernels/upsample_kernels.h"
#ifdef NEMF_HAS_CUDA
#include "server/engine/cuda/kernels/launch.h"
#include "server/engine/cuda/runtime/cuda_error.h"
#endif

namespace nemf::cuda {

// Runs kernels in order, on a CUDA stream or one by one on the calling thread. Tests without a GPU
// use the second way, and a build without CUDA has no other.
class Queue {
 public:
  // `stream` is a cudaStream_t, or null for the calling thread.
  explicit Queue(void* stream) : stream_(stream) {}

  // Calls the kernel for 0 .. count - 1. On a stream it does not wait, and may return an error of
  // earlier work.
  template <typename Kernel>
  absl::Status Run(int count, const Kernel& kernel) const {
#ifdef NEMF_HAS_CUDA
    if (stream_ != nullptr) {
      const cudaError_t error = Launch(kernel, count, static_cast<cudaStream_t>(stream_));
      if (error == cudaSuccess) return absl::OkStatus();
      return CudaErrorStatus(error, __PRETTY_FUNCTION__, __FILE__, __LINE__);
    }
#endif
    for (int i = 0; i < count; ++i) kernel(i);
    return absl::OkStatus();
  }

 private:
  void* stream_;
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_QUEUE_H_
