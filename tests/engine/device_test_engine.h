#ifndef NEMF_TESTS_ENGINE_DEVICE_TEST_ENGINE_H_
#define NEMF_TESTS_ENGINE_DEVICE_TEST_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/device/device.h"
#include "server/engine/engine.h"

// Engines on the CUDA back end with the small models of test_models.h.
namespace nemf::testing {

// What happens to a device that is the host, and what it was asked for.
struct DeviceFaults {
  std::int64_t allocations_left = -1;  // until memory runs short; -1: never
  bool stays_full = false;             // whether it is then short until the test says otherwise
  bool lost = false;                   // every copy fails for good
  std::size_t free_bytes = std::numeric_limits<std::size_t>::max();
  int allocations = 0;
  int copies = 0;
  std::size_t largest_allocation = 0;
};

struct DeviceTestOptions {
  std::uint64_t seed = 1;
  Precision precision = Precision::kFloat32;
  int rows = 256;  // of a chunk; the host's only
  int min_rows = 64;
  DeviceFaults* faults = nullptr;  // the host's only
};

// On the first GPU; FAILED_PRECONDITION where there is none, or the build has no CUDA.
absl::StatusOr<std::unique_ptr<Engine>> MakeGpuTestEngine(const DeviceTestOptions& options);

// On the host, through the back end's code for a device; the same model as MakeTestEngine() has for
// this seed.
absl::StatusOr<std::unique_ptr<Engine>> MakeHostTestEngine(const DeviceTestOptions& options);

// With the encoder and the field of a bundle, on the host.
absl::StatusOr<std::unique_ptr<Engine>> LoadOnHost(const std::string& directory,
                                                   Precision precision);

}  // namespace nemf::testing

#endif  // NEMF_TESTS_ENGINE_DEVICE_TEST_ENGINE_H_
