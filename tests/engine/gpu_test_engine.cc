#include <utility>

#include "server/engine/cuda/cuda_backend.h"
#include "server/engine/matching/backend.h"
#include "tests/engine/device_test_engine.h"
#include "tests/engine/test_models.h"

namespace nemf::testing {

absl::StatusOr<std::unique_ptr<Engine>> MakeGpuTestEngine(const DeviceTestOptions& options) {
  const FieldShape shape = SmallShape();
  EncoderShape encoder;
  encoder.grid = kTestGrid;
  encoder.channels = shape.channels;
  auto backend = cuda::MakeBackend(cuda::BackendOptions{0, options.precision},
                                   MakeFakeEncoder(shape.channels, options.seed), encoder,
                                   RandomWeights(shape, options.seed));
  if (!backend.ok()) return backend.status();
  return MakeEngine(*std::move(backend));
}

}  // namespace nemf::testing
