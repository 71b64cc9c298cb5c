#include "server/engine/device/device_name.h"

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace nemf {

std::optional<int> CudaIndexOf(absl::string_view device) {
  int index = -1;
  if (!absl::ConsumePrefix(&device, "cuda:") || !absl::SimpleAtoi(device, &index) || index < 0) {
    return std::nullopt;
  }
  return index;
}

}  // namespace nemf
