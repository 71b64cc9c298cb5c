#include "client/cli/files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/cli/command.h"

namespace nemf::cli {
namespace {

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  throw Failure(kFileError, path + ": " + what);
}

}  // namespace

std::string ReadFile(const std::string& path) {
  if (std::filesystem::is_directory(path)) Fail(path, "cannot be read: it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail(path, std::string("cannot be read: ") + std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) Fail(path, std::string("cannot be read: ") + std::strerror(errno));
  return bytes;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) Fail(path, std::string("cannot be written: ") + std::strerror(errno));
}

void CheckOutput(const std::string& path) {
  if (path.empty()) return;
  if (std::filesystem::is_directory(path)) Fail(path, "cannot be written: it is a folder");
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder)) {
    Fail(path, "cannot be written: the folder " + folder.string() + " does not exist");
  }
}

}  // namespace nemf::cli
