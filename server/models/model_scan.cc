#include "server/models/model_scan.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nemf {
namespace {

namespace fs = std::filesystem;

// Returns the sub-directories of `directory`, by name.
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

// Adds up the files of a version. A file that disappears meanwhile is left out; the next scan sees
// the change.
void AddFiles(const fs::path& directory, FoundVersion* version) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (!it->is_regular_file(gone)) continue;
    const auto bytes = static_cast<std::int64_t>(it->file_size(gone));
    if (gone) continue;
    const auto changed = it->last_write_time(gone).time_since_epoch().count();
    if (gone) continue;
    version->bytes += bytes;
    files.push_back(absl::StrCat(it->path().filename().string(), " ", bytes, " ", changed));
  }
  std::sort(files.begin(), files.end());
  version->fingerprint = absl::StrJoin(files, "\n");
}

// Returns whether a name can be used in requests, log lines and metrics unescaped.
bool IsName(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

FoundModel ScanModel(const fs::path& directory, std::vector<std::string>& problems) {
  FoundModel model{directory.filename().string(), {}};
  if (!IsName(model.name)) {
    problems.push_back(absl::StrCat(directory.string(), ": not a model: the directory's name must ",
                                    "consist of letters, digits, '.', '_' and '-'"));
    return model;
  }
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
      model.versions.push_back({.number = *number, .directory = path.string()});
      AddFiles(path, &model.versions.back());
    }
  }
  if (versions->empty()) problems.push_back(absl::StrCat(directory.string(), ": no versions"));
  std::sort(model.versions.begin(), model.versions.end(),
            [](const auto& a, const auto& b) { return a.number > b.number; });
  return model;
}

}  // namespace

std::optional<std::int64_t> ParseVersion(absl::string_view text) {
  std::int64_t number = 0;
  if (text.empty() || text[0] == '0' ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
    return {};
  }
  if (!absl::SimpleAtoi(text, &number)) return {};  // too large
  return number;
}

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
