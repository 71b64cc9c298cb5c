#include "server/engine/load_model.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/checks/backend_parity.h"
#include "server/engine/checks/field_parity.h"
#include "server/engine/checks/thread_determinism.h"
#include "server/engine/cpu/cpu_backend.h"
#include "server/engine/cuda/cuda_backend.h"
#include "server/engine/device/device.h"
#include "server/engine/device/torch_support.h"
#include "server/engine/matching/backend.h"

namespace nemf {

namespace {

constexpr char kManifestFile[] = "model.json";
constexpr int kMaxThreads = 1024;

// Returns N for "cuda:N" and -1 for the CPU. `auto` is the first GPU if this build can use one.
int CudaIndex(const EngineOptions& options) {
  if (options.device == "auto") return cuda::DeviceCount() > 0 ? 0 : -1;
  return CudaIndexOf(options.device).value_or(-1);
}

absl::Status NoSuchDevice(const EngineOptions& options) {
  const int devices = cuda::DeviceCount();
  return absl::FailedPreconditionError(
      absl::StrCat("EngineOptions.device = \"", options.device, "\": ",
                   devices == 0 ? "this build has no CUDA support, or there is no GPU"
                                : absl::StrCat("there are ", devices, " GPUs")));
}

int ThreadCount(const EngineOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Returns the status with "<directory>/<file>: " before its text.
absl::Status InFile(const std::string& directory, const std::string& file,
                    const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(directory, "/", file, ": ", status.message()));
}

absl::StatusOr<Manifest> LoadManifest(const std::string& directory) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat(directory, "/", kManifestFile));
  if (!text.ok()) return text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return InFile(directory, kManifestFile, manifest.status());
  return manifest;
}

absl::StatusOr<std::unique_ptr<Encoder>> LoadEncoder(const std::string& directory,
                                                     const Manifest& manifest, int threads) {
  const absl::StatusOr<std::string> bytes = ReadVerifiedFile(directory, manifest.encoder_file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::unique_ptr<Encoder>> encoder =
      Encoder::Load(*bytes, manifest.encoder, threads);
  if (!encoder.ok()) return InFile(directory, manifest.encoder_file.name, encoder.status());
  return encoder;
}

absl::StatusOr<std::unique_ptr<cpu::Field>> LoadField(const std::string& directory,
                                                      const Manifest& manifest) {
  const absl::StatusOr<std::string> bytes = ReadVerifiedFile(directory, manifest.field_file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<FieldWeights> weights = ReadFieldWeights(*bytes, manifest.field);
  if (!weights.ok()) return InFile(directory, manifest.field_file.name, weights.status());
  std::unique_ptr<cpu::Field> field = cpu::Field::Create(*std::move(weights));
  const absl::Status status = CheckFieldParity(*field, *bytes);
  if (!status.ok()) return InFile(directory, manifest.field_file.name, status);
  return field;
}

// Loads the engine on a GPU and compares it with `cpu`, the same model on the CPU.
absl::StatusOr<std::unique_ptr<Engine>> LoadOnCuda(const std::string& directory,
                                                   const Manifest& manifest,
                                                   const cuda::BackendOptions& options,
                                                   const FieldWeights& weights, Engine* cpu) {
  const absl::StatusOr<std::string> bytes = ReadVerifiedFile(directory, manifest.encoder_file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      cuda::MakeBackend(options, *bytes, manifest.encoder, weights);
  if (!backend.ok()) return backend.status();
  std::unique_ptr<Engine> engine = MakeEngine(*std::move(backend));
  const absl::Status status =
      CheckBackendParity(engine.get(), cpu, AllowedDisagreement(options.precision));
  if (!status.ok()) return status;
  return engine;
}

absl::StatusOr<LoadedModel> Load(const std::string& directory, const EngineOptions& options) {
  const absl::Status status = options.Validate();
  if (!status.ok()) return status;
  const int gpu = CudaIndex(options);
  if (gpu >= cuda::DeviceCount()) return NoSuchDevice(options);
  const absl::StatusOr<Manifest> manifest = LoadManifest(directory);
  if (!manifest.ok()) return manifest.status();
  const int threads = ThreadCount(options);
  absl::StatusOr<std::unique_ptr<cpu::Field>> field = LoadField(directory, *manifest);
  if (!field.ok()) return field.status();
  const FieldWeights weights = gpu < 0 ? FieldWeights() : (*field)->weights();
  absl::StatusOr<std::unique_ptr<Encoder>> encoder = LoadEncoder(directory, *manifest, threads);
  if (!encoder.ok()) return encoder.status();
  const bool side_by_side = threads > 1 && GivesSameBitsOnOneThread(encoder->get(), threads);
  LoadedModel model = {{manifest->name, manifest->version, directory, manifest->encoder_file.sha256,
                        manifest->field_file.sha256, manifest->provenance},
                       MakeEngine(cpu::MakeBackend(*std::move(encoder), manifest->encoder,
                                                   *std::move(field), threads, side_by_side))};
  if (gpu < 0) return model;
  const Precision precision =
      options.precision == "float16" ? Precision::kFloat16 : Precision::kFloat32;
  absl::StatusOr<std::unique_ptr<Engine>> engine =
      LoadOnCuda(directory, *manifest, {gpu, precision}, weights, model.engine.get());
  if (!engine.ok()) return engine.status();
  model.engine = *std::move(engine);
  return model;
}

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

absl::StatusOr<LoadedModel> LoadModel(const std::string& directory, const EngineOptions& options) {
  return CatchExceptions(absl::StatusCode::kInternal, directory,
                         [&] { return Load(directory, options); });
}

absl::StatusOr<MemoryUse> MeasureMemoryUse(const std::string& device) {
  if (device == "cpu") return HostMemory();
  if (const std::optional<int> index = CudaIndexOf(device)) return cuda::MeasureMemoryUse(*index);
  return absl::InvalidArgumentError(
      absl::StrCat("device = \"", device, "\", must be \"cpu\" or \"cuda:N\""));
}

}  // namespace nemf
