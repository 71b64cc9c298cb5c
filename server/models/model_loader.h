#ifndef NEMF_SERVER_MODELS_MODEL_LOADER_H_
#define NEMF_SERVER_MODELS_MODEL_LOADER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "server/models/model_scan.h"

namespace nemf {

// Loads the bundle in a directory and makes it ready to serve: LoadModel(), which checks digests,
// contract and field, then RunSmokeTest(). Tests use a fake.
using ModelLoader =
    std::function<absl::StatusOr<LoadedModel>(const std::string& directory, const EngineOptions&)>;

// Loads one version. FAILED_PRECONDITION if the bundle's name and version are not those of its
// directory. Every error is one line.
absl::StatusOr<LoadedModel> LoadVersion(const std::string& name, const FoundVersion& version,
                                        const EngineOptions& options, const ModelLoader& loader);

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_LOADER_H_
