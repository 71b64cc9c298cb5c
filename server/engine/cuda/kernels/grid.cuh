#ifndef NEMF_SERVER_ENGINE_CUDA_GRID_CUH_
#define NEMF_SERVER_ENGINE_CUDA_GRID_CUH_

#include <cuda_runtime.h>

namespace nemf {

inline constexpr int kThreadsPerBlock = 256;

// Calls the kernel for the thread's index: all that is CUDA about a kernel.
template <typename Kernel>
__global__ void __launch_bounds__(kThreadsPerBlock) CallKernel(Kernel kernel, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) kernel(i);
}

// Calls it for 0 .. count - 1; nothing for count 0.
template <typename Kernel>
cudaError_t LaunchGrid(const Kernel& kernel, int count, cudaStream_t stream) {
  if (count <= 0) return cudaSuccess;
  const int blocks = (count - 1) / kThreadsPerBlock + 1;
  CallKernel<<<blocks, kThreadsPerBlock, 0, stream>>>(kernel, count);
  return cudaGetLastError();
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_GRID_CUH_
