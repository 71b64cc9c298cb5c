#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/engine/device_name.h"
#include "server/engine/engine.h"

namespace nemf {

namespace {

constexpr int kMaxThreads = 1024;

}  // namespace

absl::Status EngineOptions::Validate() const {
  if (device != "auto" && device != "cpu" && !CudaIndexOf(device)) {
    return absl::InvalidArgumentError(absl::StrCat("EngineOptions.device = \"", device,
                                                   "\", must be \"auto\", \"cpu\" or \"cuda:N\""));
  }
  if (precision != "float32" && precision != "float16") {
    return absl::InvalidArgumentError(absl::StrCat("EngineOptions.precision = \"", precision,
                                                   "\", must be \"float32\" or \"float16\""));
  }
  if (threads < 0 || threads > kMaxThreads) {
    return absl::InvalidArgumentError(
        absl::StrCat("EngineOptions.threads = ", threads, ", must be in [0, ", kMaxThreads, "]"));
  }
  return absl::OkStatus();
}

}  // namespace nemf
