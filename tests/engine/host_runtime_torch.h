#ifndef NEMF_TESTS_ENGINE_HOST_RUNTIME_TORCH_H_
#define NEMF_TESTS_ENGINE_HOST_RUNTIME_TORCH_H_

#include <memory>

#include "server/engine/cuda/runtime/runtime_torch.h"
#include "tests/engine/device_test_engine.h"

namespace nemf::testing {

// A runtime without a GPU: kernels and LibTorch's operators work on the host, at once. Whatever the
// CUDA back end does but for its launches, streams and graphs, it does here too. `faults` outlives
// it.
std::unique_ptr<cuda::DeviceRuntime> MakeHostRuntime(DeviceFaults* faults);

}  // namespace nemf::testing

#endif  // NEMF_TESTS_ENGINE_HOST_RUNTIME_TORCH_H_
