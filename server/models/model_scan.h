#ifndef NEMF_SERVER_MODELS_MODEL_SCAN_H_
#define NEMF_SERVER_MODELS_MODEL_SCAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nemf {

// A directory <name>/<version> that holds a model.json.
struct FoundVersion {
  std::int64_t number = 0;  // the directory's name, a positive decimal number
  std::string directory;
  std::int64_t bytes = 0;  // of all its files
  // The names, sizes and times of change of its files: another text means that they have changed,
  // as while a copy is going on.
  std::string fingerprint = {};
};

struct FoundModel {
  std::string name;
  std::vector<FoundVersion> versions;  // by number, the newest first; never empty
};

struct ModelScan {
  std::vector<FoundModel> models;  // by name
  // One line for each directory that is not what the layout says.
  std::vector<std::string> problems;
};

// The version that a directory's name or a request means: a whole number from 1 without sign or
// leading zeros, so that no two texts are one version. Nothing for any other text.
std::optional<std::int64_t> ParseVersion(absl::string_view text);

// Looks for <directory>/<name>/<version>/model.json. Files beside the directories, and directories
// whose names begin with a dot, are nobody's business. Nothing is opened.
// Errors: NOT_FOUND when `directory` is not a directory; UNAVAILABLE when it cannot be read.
absl::StatusOr<ModelScan> ScanModels(const std::string& directory);

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_SCAN_H_
