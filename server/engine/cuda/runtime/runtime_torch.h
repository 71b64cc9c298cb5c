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

// The two streams of a back end. Neither is the default stream, so models on one device do not wait
// for each other.
enum class StreamKind { kMatching, kEncoding };

// Work that was recorded once and can be done again.
class Recording {
 public:
  virtual ~Recording() = default;
  // Puts the work into the matching stream.
  virtual absl::Status Replay() = 0;
};

// A device: what the back end needs of one besides LibTorch's operators. The one for GPUs is
// MakeCudaRuntime(); tests have one that works on the host. Safe from any thread; memory comes from
// LibTorch's caching allocator, which asks the device only when it has no fitting block left.
class DeviceRuntime {
 public:
  // While it lives, LibTorch's work of the calling thread goes to the device and one stream.
  class Scope {
   public:
    virtual ~Scope() = default;
  };

  virtual ~DeviceRuntime() = default;

  virtual const std::string& name() const = 0;  // "cuda:N"
  // A cudaStream_t; null where there are no streams and work is done at once.
  virtual void* stream(StreamKind kind) const = 0;
  virtual std::unique_ptr<Scope> Enter(StreamKind kind) = 0;

  // A tensor on the device, contiguous, its content undefined; freed memory goes to later work of
  // the stream that was entered. Throws c10::OutOfMemoryError.
  virtual at::Tensor NewTensor(at::IntArrayRef sizes, at::ScalarType type) = 0;
  // The same in pinned host memory, of bytes.
  virtual at::Tensor NewHostTensor(std::size_t bytes) = 0;
  // Copies bytes between device and pinned host memory, either way, in the stream's order.
  virtual absl::Status Copy(void* to, const void* from, std::size_t bytes, StreamKind kind) = 0;
  // Waits for the stream's work and tells of its errors.
  virtual absl::Status Synchronize(StreamKind kind) = 0;

  // Does the work once, then records it. It launches kernels and calls operators that allocate
  // nothing; it runs under Enter(kMatching) and must read what changes from device memory.
  virtual absl::StatusOr<std::unique_ptr<Recording>> Record(std::function<absl::Status()> work) = 0;

  // Device memory that is not in use by anyone, bytes.
  virtual absl::StatusOr<std::size_t> FreeBytes() = 0;
  // Gives cached blocks back to the device.
  virtual void ReleaseCache() = 0;
};

// `size` numbers or plain structs on the device.
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

// The GPU of this index, with two streams of LibTorch's pool: matching has the higher priority, so
// that an encoder pass does not hold up keypoints. Recordings are CUDA graphs.
std::unique_ptr<DeviceRuntime> MakeCudaRuntime(int index);

// Runs `work` and returns its status; exceptions, which LibTorch reports errors with, become one:
// RESOURCE_EXHAUSTED when memory was short, INTERNAL and fatal (see fatal_error.h) for errors of
// CUDA and its libraries, INTERNAL for others.
absl::Status CatchDeviceErrors(absl::FunctionRef<absl::Status()> work);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_RUNTIME_TORCH_H_
