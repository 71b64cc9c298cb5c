#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "server/engine/cuda/runtime/cuda_error.h"
#include "server/engine/cuda/runtime/runtime_torch.h"

namespace nemf::cuda {

namespace {

struct CudaScope : DeviceRuntime::Scope {
  explicit CudaScope(c10::cuda::CUDAStream stream) : guard(stream) {}
  c10::cuda::CUDAStreamGuard guard;
};

// Its calls throw LibTorch's exceptions.
class CudaGraph : public Recording {
 public:
  // Records the work on the current stream, which is not the default one. Other threads may call
  // CUDA at the same time.
  absl::Status Record(const std::function<absl::Status()>& work) {
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    const absl::Status status = work();
    graph_.capture_end();
    return status;
  }

  absl::Status Replay() override {
    graph_.replay();
    return absl::OkStatus();
  }

 private:
  at::cuda::CUDAGraph graph_;
};

class CudaRuntime : public DeviceRuntime {
 public:
  explicit CudaRuntime(int index)
      : device_(at::kCUDA, static_cast<c10::DeviceIndex>(index)),
        name_(absl::StrCat("cuda:", index)),
        matching_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device_.index())),
        encoding_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index())) {}

  // Waits for all work before the memory is freed.
  ~CudaRuntime() override {
    NEMF_CUDA_LOG_IF_ERROR(cudaStreamSynchronize(matching_.stream()));
    NEMF_CUDA_LOG_IF_ERROR(cudaStreamSynchronize(encoding_.stream()));
  }

  const std::string& name() const override { return name_; }
  void* stream(StreamKind kind) const override { return StreamOf(kind).stream(); }

  std::unique_ptr<Scope> Enter(StreamKind kind) override {
    return std::make_unique<CudaScope>(StreamOf(kind));
  }

  at::Tensor NewTensor(at::IntArrayRef sizes, at::ScalarType type) override {
    return at::empty(sizes, at::TensorOptions().dtype(type).device(device_));
  }

  at::Tensor NewHostTensor(std::size_t bytes) override {
    return at::empty({static_cast<std::int64_t>(bytes)},
                     at::TensorOptions().dtype(at::kByte).pinned_memory(true));
  }

  absl::Status Copy(void* to, const void* from, std::size_t bytes, StreamKind kind) override {
    NEMF_CUDA_RETURN_IF_ERROR(
        cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, StreamOf(kind).stream()));
    return absl::OkStatus();
  }

  absl::Status Synchronize(StreamKind kind) override {
    NEMF_CUDA_RETURN_IF_ERROR(cudaStreamSynchronize(StreamOf(kind).stream()));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Recording>> Record(std::function<absl::Status()> work) override {
    // In the first run the libraries make their handles and workspaces, which cannot be recorded.
    NEMF_RETURN_IF_ERROR(work());
    NEMF_RETURN_IF_ERROR(Synchronize(StreamKind::kMatching));
    auto graph = std::make_unique<CudaGraph>();
    NEMF_RETURN_IF_ERROR(graph->Record(work));
    return graph;
  }

  absl::StatusOr<std::size_t> FreeBytes() override {
    std::size_t free = 0;
    std::size_t total = 0;
    NEMF_CUDA_RETURN_IF_ERROR(cudaMemGetInfo(&free, &total));
    return free;
  }

  void ReleaseCache() override { c10::cuda::CUDACachingAllocator::emptyCache(); }

 private:
  const c10::cuda::CUDAStream& StreamOf(StreamKind kind) const {
    return kind == StreamKind::kMatching ? matching_ : encoding_;
  }

  const at::Device device_;
  const std::string name_;
  const c10::cuda::CUDAStream matching_;
  const c10::cuda::CUDAStream encoding_;
};

}  // namespace

std::unique_ptr<DeviceRuntime> MakeCudaRuntime(int index) {
  return std::make_unique<CudaRuntime>(index);
}

}  // namespace nemf::cuda
