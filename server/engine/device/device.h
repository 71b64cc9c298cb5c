#ifndef NEMF_SERVER_ENGINE_DEVICE_DEVICE_H_
#define NEMF_SERVER_ENGINE_DEVICE_DEVICE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nemf {

// "cuda:N" -> N >= 0; nothing for any other name.
std::optional<int> CudaIndexOf(absl::string_view device);

// What a GPU keeps Phi, the field's weights and its activations in. Sums are float32 in both, and
// so are coordinates, scores and the encoder. The CPU always works in float32.
enum class Precision { kFloat32, kFloat16 };

// Bytes of a device's memory.
struct MemoryUse {
  // What this process holds: of the host, what of it is resident; of a GPU, LibTorch's blocks,
  // those that it keeps for later among them.
  std::int64_t used = 0;
  std::int64_t total = 0;  // that the device has
};

// `device` is Engine::device(): "cpu" or "cuda:N". Cheap; safe from any thread. An error where the
// system or the device does not say.
absl::StatusOr<MemoryUse> MeasureMemoryUse(const std::string& device);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_DEVICE_DEVICE_H_
