#include "absl/strings/str_cat.h"
#include "server/engine/cuda/cuda_backend.h"

// The functions of cuda_backend.h in a build without CUDA.
namespace nemf::cuda {

namespace {

absl::Status NoCuda(int index) {
  return absl::FailedPreconditionError(
      absl::StrCat("cuda:", index, ": this build has no CUDA support"));
}

}  // namespace

int DeviceCount() { return 0; }

absl::StatusOr<MemoryUse> MeasureMemoryUse(int index) { return NoCuda(index); }

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const BackendOptions& options,
                                                     const std::string&, const EncoderShape&,
                                                     FieldWeights) {
  return NoCuda(options.index);
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const BackendOptions& options,
                                                     std::unique_ptr<Encoder>, const EncoderShape&,
                                                     FieldWeights) {
  return NoCuda(options.index);
}

}  // namespace nemf::cuda
