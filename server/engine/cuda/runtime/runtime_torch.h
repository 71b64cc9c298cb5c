#ifndef NEMF_SERVER_ENGINE_CUDA_RUNTIME_RUNTIME_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_RUNTIME_RUNTIME_TORCH_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nemf::cuda {

// The two streams of a back end. Neither is the default stream, so that models on one device do not
// wait for each other.
enum class StreamKind { kMatching, kEncoding };

// Recorded work that can be repeated.
class Recording {
 public:
  virtual ~Recording() = default;
  // Enqueues the work on the matching stream.
  virtual absl::Status Replay() = 0;
};

// The operations of a device that the back end needs besides LibTorch's operators.
// MakeCudaRuntime() makes the one for GPUs; tests have one that works on the host. Safe from any
// thread. Memory comes from LibTorch's caching allocator.
class DeviceRuntime {
 public:
  // While it exists, LibTorch's work of the calling thread goes to the device and one stream.
  class Scope {
   public:
    virtual ~Scope() = default;
  };

  virtual ~DeviceRuntime() = default;

  virtual const std::string& name() const = 0;  // "cuda:N"
  // Returns a cudaStream_t, or null if there are no streams and work is done at once.
  virtual void* stream(StreamKind kind) const = 0;
  virtual std::unique_ptr<Scope> Enter(StreamKind kind) = 0;

  // Returns a contiguous tensor on the device, with undefined content. Its memory returns to the
  // stream that was entered. Throws c10::OutOfMemoryError.
  virtual at::Tensor NewTensor(at::IntArrayRef sizes, at::ScalarType type) = 0;
  // Returns a tensor of bytes in pinned host memory.
  virtual at::Tensor NewHostTensor(std::size_t bytes) = 0;
  // Copies bytes between device and pinned host memory, either way, in the stream's order.
  virtual absl::Status Copy(void* to, const void* from, std::size_t bytes, StreamKind kind) = 0;
  // Waits for the stream's work and returns its first error.
  virtual absl::Status Synchronize(StreamKind kind) = 0;

  // Does the work once, then records it. The work launches kernels and calls operators that do not
  // allocate. It runs under Enter(kMatching) and must read all that changes from device memory.
  virtual absl::StatusOr<std::unique_ptr<Recording>> Record(std::function<absl::Status()> work) = 0;

  // Returns the device memory that no process uses, in bytes.
  virtual absl::StatusOr<std::size_t> FreeBytes() = 0;
  // Returns cached blocks to the device.
  virtual void ReleaseCache() = 0;
};

// An array of numbers or plain structs on the device.
template <typename T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(DeviceRuntime* runtime, std::size_t size)
      : memory_(runtime->NewTensor({static_cast<std::int64_t>(size * sizeof(T))}, at::kByte)),
        size_(size) {}

  T* data() const { return size_ == 0 ? nullptr : static_cast<T*>(memory_.data_ptr()); }
  std::size_t size() const { return size_; }

 private:
  at::Tensor memory_;
  std::size_t size_ = 0;
};

// Returns the runtime of the GPU with this index. Its two streams are of LibTorch's pool. Matching
// has the higher priority, so that encoding does not delay keypoints. Recordings are CUDA graphs.
std::unique_ptr<DeviceRuntime> MakeCudaRuntime(int index);

// Runs `work` and returns its status. LibTorch reports errors by exceptions. Returns
// RESOURCE_EXHAUSTED if memory was short, INTERNAL and fatal (see fatal_error.h) for errors of CUDA
// and its libraries, and INTERNAL for other exceptions.
absl::Status CatchDeviceErrors(absl::FunctionRef<absl::Status()> work);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_RUNTIME_TORCH_H_
