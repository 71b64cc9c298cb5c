#include "server/engine/device/device.h"

#include <unistd.h>

#include <fstream>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/engine/cuda/cuda_backend.h"

namespace nemf {

std::optional<int> CudaIndexOf(absl::string_view device) {
  int index = -1;
  if (!absl::ConsumePrefix(&device, "cuda:") || !absl::SimpleAtoi(device, &index) || index < 0) {
    return std::nullopt;
  }
  return index;
}

namespace {

absl::StatusOr<MemoryUse> HostMemory() {
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  std::ifstream statistics("/proc/self/statm");  // pages: all of the process, then what is resident
  std::int64_t size = 0;
  std::int64_t resident = 0;
  if (!(statistics >> size >> resident)) {
    return absl::UnavailableError("/proc/self/statm cannot be read");
  }
  return MemoryUse{.used = page * resident, .total = page * sysconf(_SC_PHYS_PAGES)};
}

}  // namespace

absl::StatusOr<MemoryUse> MeasureMemoryUse(const std::string& device) {
  if (device == "cpu") return HostMemory();
  if (const std::optional<int> index = CudaIndexOf(device)) return cuda::MeasureMemoryUse(*index);
  return absl::InvalidArgumentError(
      absl::StrCat("device = \"", device, "\", must be \"cpu\" or \"cuda:N\""));
}

}  // namespace nemf
