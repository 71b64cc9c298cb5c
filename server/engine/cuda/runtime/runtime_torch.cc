#include "server/engine/cuda/runtime/runtime_torch.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/engine/device/torch_support.h"
#include "server/engine/fatal_error.h"

namespace nemf::cuda {

namespace {

// Returns the status for an exception of a general type. Failures of CUDA's libraries differ from
// others in their text alone.
absl::Status StatusOfText(const std::exception& error) {
  const std::string text = absl::StrCat("the engine failed: ", FirstLine(error));
  if (absl::StrContains(text, "CUBLAS_STATUS_ALLOC_FAILED") ||
      absl::StrContains(text, "CUDNN_STATUS_ALLOC_FAILED")) {
    return absl::ResourceExhaustedError(text);
  }
  for (const char* mark : {"CUDA error", "CUDA driver error", "cuDNN error", "CUBLAS_STATUS_"}) {
    if (absl::StrContains(text, mark)) return FatalError(absl::InternalError(text));
  }
  return absl::InternalError(text);
}

}  // namespace

absl::Status CatchDeviceErrors(absl::FunctionRef<absl::Status()> work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(FirstLine(error));
  } catch (const c10::AcceleratorError& error) {
    return FatalError(absl::InternalError(FirstLine(error)));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of host memory");
  } catch (const std::exception& error) {
    return StatusOfText(error);
  }
}

}  // namespace nemf::cuda
