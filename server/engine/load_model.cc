#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/bundle.h"
#include "server/engine/cpu/cpu_backend.h"
#include "server/engine/engine.h"
#include "server/engine/field_check.h"
#include "server/engine/staged_engine.h"
#include "server/engine/torch_status.h"

namespace nemf {

namespace {

constexpr char kManifestFile[] = "model.json";

absl::Status CheckDevice(const EngineOptions& options) {
  absl::Status status = options.Validate();
  if (!status.ok() || options.device == "auto" || options.device == "cpu") return status;
  return absl::FailedPreconditionError(absl::StrCat("EngineOptions.device = \"", options.device,
                                                    "\": this build has no CUDA support"));
}

int ThreadCount(const EngineOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// The status with "<directory>/<file>: " before its text.
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

absl::StatusOr<std::unique_ptr<CpuField>> LoadField(const std::string& directory,
                                                    const Manifest& manifest) {
  const absl::StatusOr<std::string> bytes = ReadVerifiedFile(directory, manifest.field_file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<FieldWeights> weights = ReadFieldWeights(*bytes, manifest.field);
  if (!weights.ok()) return InFile(directory, manifest.field_file.name, weights.status());
  std::unique_ptr<CpuField> field = CpuField::Create(*std::move(weights));
  const absl::Status status = CheckField(*field, *bytes);
  if (!status.ok()) return InFile(directory, manifest.field_file.name, status);
  return field;
}

absl::StatusOr<LoadedModel> Load(const std::string& directory, const EngineOptions& options) {
  const absl::Status status = CheckDevice(options);
  if (!status.ok()) return status;
  const absl::StatusOr<Manifest> manifest = LoadManifest(directory);
  if (!manifest.ok()) return manifest.status();
  const int threads = ThreadCount(options);
  absl::StatusOr<std::unique_ptr<CpuField>> field = LoadField(directory, *manifest);
  if (!field.ok()) return field.status();
  absl::StatusOr<std::unique_ptr<Encoder>> encoder = LoadEncoder(directory, *manifest, threads);
  if (!encoder.ok()) return encoder.status();
  return LoadedModel{{manifest->name, manifest->version, directory},
                     MakeEngine(MakeCpuBackend(*std::move(encoder), manifest->encoder,
                                               *std::move(field), threads))};
}

}  // namespace

absl::StatusOr<LoadedModel> LoadModel(const std::string& directory, const EngineOptions& options) {
  return CatchExceptions(absl::StatusCode::kInternal, directory,
                         [&] { return Load(directory, options); });
}

}  // namespace nemf
