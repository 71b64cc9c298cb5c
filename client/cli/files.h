#ifndef NEMF_CLIENT_CLI_FILES_H_
#define NEMF_CLIENT_CLI_FILES_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "nemf/types.h"

namespace nemf::cli {

// All of these throw Failure(kFileError) that names the file and what is wrong.

std::string ReadFile(const std::string& path);

// Replaces the file's content.
void WriteFile(const std::string& path, const std::string& bytes);

// Finds out before a long computation that its result could not be written: the folder of `path`
// must exist and `path` must not be a folder. An empty path (no output asked for) is fine.
void CheckOutput(const std::string& path);

// Decodes the content of the file `path` to 8-bit BGR.
cv::Mat Decode(const std::string& bytes, const std::string& path);

void WritePng(const std::string& path, const cv::Mat& picture);

// The points of {"points": [[x, y], ...]}; other keys are ignored. `name` is the file's, for
// errors. Throws Failure(kFileError): "NAME: points[3] = [1], must be two finite numbers [x, y]".
std::vector<client::Point> ParseKeypoints(const std::string& json, const std::string& name);

// The same of a file's content.
std::vector<client::Point> ReadKeypoints(const std::string& path);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_FILES_H_
