#ifndef NEMF_SERVER_ENGINE_MEMORY_USE_H_
#define NEMF_SERVER_ENGINE_MEMORY_USE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace nemf {

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

#endif  // NEMF_SERVER_ENGINE_MEMORY_USE_H_
