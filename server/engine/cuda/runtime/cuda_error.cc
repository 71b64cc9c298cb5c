#include "server/engine/cuda/runtime/cuda_error.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/engine/fatal_error.h"

namespace nemf::cuda {

namespace {

std::string Describe(cudaError_t error, absl::string_view call, const char* file, int line) {
  return absl::StrCat("CUDA: ", call, ": ", cudaGetErrorName(error), " (",
                      cudaGetErrorString(error), ") at ", file, ":", line);
}

}  // namespace

absl::Status CudaErrorStatus(cudaError_t error, absl::string_view call, const char* file,
                             int line) {
  const std::string text = Describe(error, call, file, line);
  if (error == cudaErrorMemoryAllocation) return absl::ResourceExhaustedError(text);
  return FatalError(absl::InternalError(text));
}

void LogCudaError(cudaError_t error, absl::string_view call, const char* file, int line) {
  std::fprintf(stderr, "%s\n", Describe(error, call, file, line).c_str());
}

}  // namespace nemf::cuda
