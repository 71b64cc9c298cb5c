#include <utility>

#include "server/engine/cuda/device_backend_torch.h"
#include "server/engine/device/torch_support.h"
#include "server/engine/matching/backend.h"
#include "tests/engine/device_test_engine.h"
#include "tests/engine/host_runtime_torch.h"
#include "tests/engine/test_models.h"

namespace nemf::testing {

namespace {

DeviceFaults* NoFaults() {
  static DeviceFaults* const faults = new DeviceFaults;
  return faults;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> MakeHostTestEngine(const DeviceTestOptions& options) {
  SetTorchThreads(1);  // The products are too small to share.
  const FieldShape shape = SmallShape();
  EncoderShape encoder_shape;
  encoder_shape.grid = kTestGrid;
  encoder_shape.channels = shape.channels;
  auto runtime = MakeHostRuntime(options.faults != nullptr ? options.faults : NoFaults());
  auto encoder = cuda::MakeUploadingEncoder(MakeFakeEncoder(shape.channels, options.seed),
                                            encoder_shape, options.precision, runtime.get());
  auto backend = cuda::MakeDeviceBackend(std::move(runtime), std::move(encoder),
                                         RandomWeights(shape, options.seed), options.precision,
                                         {options.rows, options.min_rows});
  if (!backend.ok()) return backend.status();
  return MakeEngine(*std::move(backend));
}

absl::StatusOr<std::unique_ptr<Engine>> LoadOnHost(const std::string& directory,
                                                   Precision precision) {
  const auto text = ReadFile(directory + "/model.json");
  if (!text.ok()) return text.status();
  const auto manifest = ParseManifest(*text);
  if (!manifest.ok()) return manifest.status();
  const auto encoder_bytes = ReadVerifiedFile(directory, manifest->encoder_file);
  if (!encoder_bytes.ok()) return encoder_bytes.status();
  const auto field_bytes = ReadVerifiedFile(directory, manifest->field_file);
  if (!field_bytes.ok()) return field_bytes.status();
  auto weights = ReadFieldWeights(*field_bytes, manifest->field);
  if (!weights.ok()) return weights.status();
  auto runtime = MakeHostRuntime(NoFaults());
  auto encoder = cuda::LoadDeviceEncoder(*encoder_bytes, manifest->encoder, precision, at::kCPU,
                                         runtime.get());
  if (!encoder.ok()) return encoder.status();
  auto backend = cuda::MakeDeviceBackend(std::move(runtime), *std::move(encoder),
                                         *std::move(weights), precision, {1024, 64});
  if (!backend.ok()) return backend.status();
  return MakeEngine(*std::move(backend));
}

}  // namespace nemf::testing
