#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "server/engine/cuda/cuda_backend.h"
#include "server/engine/cuda/device_backend_torch.h"
#include "server/engine/cuda/device_encoder_torch.h"
#include "server/engine/cuda/runtime/cuda_error.h"
#include "server/engine/cuda/runtime/runtime_torch.h"

namespace nemf::cuda {

namespace {

using EncoderFactory =
    std::function<absl::StatusOr<std::unique_ptr<DeviceEncoder>>(DeviceRuntime*)>;

// Float32 means float32, sums of half precision are float32, and equal inputs get equal bits. These
// settings are the process's.
void SetExactArithmetic() {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  context.setAllowFP16ReductionCuBLAS(false);
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
}

absl::StatusOr<std::unique_ptr<Backend>> Make(const BackendOptions& options, FieldWeights weights,
                                              const EncoderFactory& make_encoder) {
  if (options.index >= DeviceCount()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cuda:", options.index, ": there are ", DeviceCount(), " CUDA devices"));
  }
  SetExactArithmetic();
  std::unique_ptr<DeviceRuntime> runtime;
  NEMF_RETURN_IF_ERROR(CatchDeviceErrors([&] {
    runtime = MakeCudaRuntime(options.index);
    return absl::OkStatus();
  }));
  absl::StatusOr<std::unique_ptr<DeviceEncoder>> encoder = make_encoder(runtime.get());
  if (!encoder.ok()) return encoder.status();
  return MakeDeviceBackend(std::move(runtime), *std::move(encoder), std::move(weights),
                           options.precision, RowBlockOptions());
}

}  // namespace

int DeviceCount() { return c10::cuda::device_count(); }

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const BackendOptions& options,
                                                     const std::string& encoder_bytes,
                                                     const EncoderShape& shape,
                                                     FieldWeights weights) {
  const at::Device where(at::kCUDA, static_cast<c10::DeviceIndex>(options.index));
  return Make(options, std::move(weights), [&](DeviceRuntime* runtime) {
    return LoadDeviceEncoder(encoder_bytes, shape, options.precision, where, runtime);
  });
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const BackendOptions& options,
                                                     std::unique_ptr<Encoder> encoder,
                                                     const EncoderShape& shape,
                                                     FieldWeights weights) {
  return Make(options, std::move(weights),
              [&](DeviceRuntime* runtime) -> absl::StatusOr<std::unique_ptr<DeviceEncoder>> {
                std::unique_ptr<DeviceEncoder> uploading;
                NEMF_RETURN_IF_ERROR(CatchDeviceErrors([&] {
                  uploading =
                      MakeUploadingEncoder(std::move(encoder), shape, options.precision, runtime);
                  return absl::OkStatus();
                }));
                return uploading;
              });
}

absl::StatusOr<MemoryUse> MeasureMemoryUse(int index) {
  const auto device = static_cast<c10::DeviceIndex>(index);
  MemoryUse use;
  NEMF_RETURN_IF_ERROR(CatchDeviceErrors([&]() -> absl::Status {
    const c10::cuda::CUDAGuard guard(device);
    std::size_t free = 0;
    std::size_t total = 0;
    NEMF_CUDA_RETURN_IF_ERROR(cudaMemGetInfo(&free, &total));
    use.total = static_cast<std::int64_t>(total);
    // The first of the allocator's statistics is of its small and large blocks together.
    use.used = c10::cuda::CUDACachingAllocator::getDeviceStats(device).reserved_bytes[0].current;
    return absl::OkStatus();
  }));
  return use;
}

}  // namespace nemf::cuda
