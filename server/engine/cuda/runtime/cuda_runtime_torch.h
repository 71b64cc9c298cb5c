#ifndef NEMF_SERVER_ENGINE_CUDA_RUNTIME_CUDA_RUNTIME_TORCH_H_
#define NEMF_SERVER_ENGINE_CUDA_RUNTIME_CUDA_RUNTIME_TORCH_H_

#include <memory>

#include "server/engine/cuda/runtime/runtime_torch.h"

namespace nemf {

// The GPU of this index, with two streams of LibTorch's pool: matching has the higher priority, so
// that an encoder pass does not hold up keypoints. Recordings are CUDA graphs.
std::unique_ptr<DeviceRuntime> MakeCudaRuntime(int index);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_RUNTIME_CUDA_RUNTIME_TORCH_H_
