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
  // Names, sizes and modification times of its files. A different text means that they have
  // changed, as while they are being copied.
  std::string fingerprint = {};
};

struct FoundModel {
  std::string name;
  std::vector<FoundVersion> versions;  // by number, the newest first; never empty
};

struct ModelScan {
  std::vector<FoundModel> models;  // by name
  // One line for each directory that does not follow the layout.
  std::vector<std::string> problems;
};

// Parses a version, as in a directory's name or a request: a whole number from 1 without sign or
// leading zeros, so that no two texts mean one version. Returns nullopt for any other text.
std::optional<std::int64_t> ParseVersion(absl::string_view text);

// Lists <directory>/<name>/<version>/model.json. Files beside the directories, and directories
// whose names begin with a dot, are ignored. Opens no file. Errors: NOT_FOUND when `directory` is
// not a directory; UNAVAILABLE when it cannot be read.
absl::StatusOr<ModelScan> ScanModels(const std::string& directory);

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_MODEL_SCAN_H_
