#ifndef NEMF_SERVER_ENGINE_LOAD_MODEL_H_
#define NEMF_SERVER_ENGINE_LOAD_MODEL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/device/device.h"
#include "server/engine/engine.h"

namespace nemf {

// The identity of a bundle, from its model.json.
struct ModelInfo {
  std::string name;
  std::string version;
  std::string directory;
  std::string encoder_sha256 = {};  // lower-case hexadecimal
  std::string field_sha256 = {};
  std::string provenance = {};  // its origin, a JSON text; may be empty
};

struct EngineOptions {
  std::string device = "auto";        // "auto", "cpu" or "cuda:N"
  int threads = 0;                    // CPU threads; 0 uses all cores
  std::string precision = "float32";  // "float32" or "float16": see Precision

  // Returns INVALID_ARGUMENT that names the first broken rule, or OK.
  absl::Status Validate() const;
};

struct LoadedModel {
  ModelInfo info;
  std::unique_ptr<Engine> engine;
};

// Loads the bundle in `directory` (model.json, encoder.pt, field.pt). Checks the SHA-256 of the
// files and compares the field's fast path with the scripted module. Errors name the file and its
// defect.
absl::StatusOr<LoadedModel> LoadModel(const std::string& directory, const EngineOptions& options);

// Returns the memory use of Engine::device(), "cpu" or "cuda:N". Returns an error if the system or
// the device does not report it. Cheap. Safe from any thread.
absl::StatusOr<MemoryUse> MeasureMemoryUse(const std::string& device);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_LOAD_MODEL_H_
