#include <cuda_runtime.h>

#include "server/engine/cuda/kernels/launch.h"

namespace nemf::cuda {

inline constexpr int kThreadsPerBlock = 256;

// Calls the kernel for the thread's index.
template <typename Kernel>
__global__ void __launch_bounds__(kThreadsPerBlock) CallKernel(Kernel kernel, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) kernel(i);
}

// Launches the kernel for 0 .. count - 1. Does nothing if count is 0.
template <typename Kernel>
cudaError_t LaunchGrid(const Kernel& kernel, int count, cudaStream_t stream) {
  if (count <= 0) return cudaSuccess;
  const int blocks = (count - 1) / kThreadsPerBlock + 1;
  CallKernel<<<blocks, kThreadsPerBlock, 0, stream>>>(kernel, count);
  return cudaGetLastError();
}

cudaError_t Launch(const SetRowBlock& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const InitialValues& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const CountCandidates& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const EmitCandidates& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const RowsByItem& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const SelectAndSearch& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const CommitSites& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const FillPhi& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const FillGamma& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const FillNet& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const AddBiasRelu& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const ScoreRows& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const MaskWeights& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const MaskRows& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const AddMasked& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const CornerProducts& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const StartPoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const StepPoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const StoreSites& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const WritePoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const SnapshotPoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const CountUpsampled& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const EmitUpsampled& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const SelectUpsampled& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

}  // namespace nemf::cuda
