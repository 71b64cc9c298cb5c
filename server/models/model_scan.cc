#include "server/models/model_scan.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

namespace fs = std::filesystem;

// The sub-directories of `directory`, by name.
absl::StatusOr<std::vector<fs::path>> Subdirectories(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code unreadable;
    const bool hidden = it->path().filename().string().front() == '.';
    if (!hidden && it->is_directory(unreadable)) found.push_back(it->path());
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot read ", directory.string(), ": ", error.message()));
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A number without sign or leading zeros, so that no two directories are one version.
std::optional<std::int64_t> ParseVersion(const std::string& text) {
  std::int64_t number = 0;
  if (!absl::ascii_isdigit(static_cast<unsigned char>(text[0])) || text[0] == '0') return {};
  if (!absl::SimpleAtoi(text, &number)) return {};
  return number;
}

FoundModel ScanModel(const fs::path& directory, std::vector<std::string>& problems) {
  FoundModel model{directory.filename().string(), {}};
  const auto versions = Subdirectories(directory);
  if (!versions.ok()) {
    problems.emplace_back(versions.status().message());
    return model;
  }
  for (const fs::path& path : *versions) {
    const auto number = ParseVersion(path.filename().string());
    std::error_code unreadable;
    if (!number) {
      problems.push_back(absl::StrCat(path.string(), ": not a version: the directory's name must ",
                                      "be a whole number from 1, without leading zeros"));
    } else if (!fs::is_regular_file(path / "model.json", unreadable)) {
      problems.push_back(absl::StrCat(path.string(), ": no model.json"));
    } else {
      model.versions.push_back({*number, path.string()});
    }
  }
  if (versions->empty()) problems.push_back(absl::StrCat(directory.string(), ": no versions"));
  std::sort(model.versions.begin(), model.versions.end(),
            [](const auto& a, const auto& b) { return a.number > b.number; });
  return model;
}

}  // namespace

absl::StatusOr<ModelScan> ScanModels(const std::string& directory) {
  std::error_code unreadable;
  if (!fs::is_directory(directory, unreadable)) {
    return absl::NotFoundError(absl::StrCat(directory, " is not a directory"));
  }
  const auto names = Subdirectories(directory);
  if (!names.ok()) return names.status();
  ModelScan scan;
  for (const fs::path& path : *names) {
    FoundModel model = ScanModel(path, scan.problems);
    if (!model.versions.empty()) scan.models.push_back(std::move(model));
  }
  return scan;
}

}  // namespace nemf
