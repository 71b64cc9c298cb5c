#ifndef NEMF_SERVER_MODELS_MODEL_LOADER_H_
#define NEMF_SERVER_MODELS_MODEL_LOADER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "server/models/model_scan.h"

namespace nemf {

// Makes the bundle in a directory ready to serve: LoadModel(), which checks digests, contract and
// field, then RunSmokeTest(); or a test's stand-in.
using ModelLoader =
    std::function<absl::StatusOr<LoadedModel>(const std::string& directory, const EngineOptions&)>;

// Loads one version, and checks that the bundle is what its place says: FAILED_PRECONDITION where
// it is not. Every error is one line.
absl::StatusOr<LoadedModel> LoadVersion(const std::string& name, const FoundVersion& version,
                                        const EngineOptions& options, const ModelLoader& loader);

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_LOADER_H_
