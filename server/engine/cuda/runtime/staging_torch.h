#ifndef NEMF_SERVER_ENGINE_CUDA_RUNTIME_STAGING_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_RUNTIME_STAGING_TORCH_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "server/engine/cuda/runtime/runtime_torch.h"

namespace nemf::cuda {

// Pinned host memory for copies between ordinary host memory and the device. Must be used for one
// stream and from one thread at a time. Copies that are larger are split.
class Staging {
 public:
  Staging(DeviceRuntime* runtime, StreamKind kind);

  // Copies `bytes` of host memory to device memory, in the stream's order. The host memory may
  // change once this returns. Waits for the stream only if the pinned memory is full.
  absl::Status Upload(const void* from, std::size_t bytes, void* to);
  // Makes a new array with the content of `values`.
  template <typename T>
  absl::Status Upload(const std::vector<T>& values, DeviceArray<T>* to) {
    *to = DeviceArray<T>(runtime_, values.size());
    return Upload(values.data(), values.size() * sizeof(T), to->data());
  }

  // Copies device memory to host memory. Waits for the stream.
  absl::Status Download(const void* from, std::size_t bytes, void* to);

 private:
  absl::Status Wait();

  DeviceRuntime* const runtime_;
  const StreamKind kind_;
  const at::Tensor up_;
  const at::Tensor down_;
  std::size_t used_ = 0;  // bytes of up_ that the stream may still read
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_STAGING_TORCH_H_
