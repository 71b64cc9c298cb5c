#ifndef NEMF_CLIENT_CLI_FILES_H_
#define NEMF_CLIENT_CLI_FILES_H_

#include <string>

namespace nemf::cli {

// All of these throw Failure(kFileError) that names the file and what is wrong.

std::string ReadFile(const std::string& path);

// Replaces the file's content.
void WriteFile(const std::string& path, const std::string& bytes);

// Finds out before a long computation that its result could not be written: the folder of `path`
// must exist and `path` must not be a folder. An empty path (no output asked for) is fine.
void CheckOutput(const std::string& path);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_FILES_H_
