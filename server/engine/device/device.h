#ifndef NEMF_SERVER_ENGINE_DEVICE_DEVICE_H_
#define NEMF_SERVER_ENGINE_DEVICE_DEVICE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace nemf {

// Returns N >= 0 for "cuda:N", nullopt for any other name.
inline std::optional<int> CudaIndexOf(absl::string_view device) {
  int index = -1;
  if (!absl::ConsumePrefix(&device, "cuda:") || !absl::SimpleAtoi(device, &index) || index < 0) {
    return std::nullopt;
  }
  return index;
}

// The type of Phi, of the field's weights and of its activations on a GPU. Sums, coordinates,
// scores and the encoder are always float32. The CPU always works in float32.
enum class Precision { kFloat32, kFloat16 };

// Bytes of a device's memory.
struct MemoryUse {
  // Held by this process. CPU: the resident set size. GPU: the memory reserved by LibTorch's
  // caching allocator, including cached blocks.
  std::int64_t used = 0;
  std::int64_t total = 0;  // of the device
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_DEVICE_DEVICE_H_
