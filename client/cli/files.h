#ifndef NEMF_CLIENT_CLI_FILES_H_
#define NEMF_CLIENT_CLI_FILES_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "nemf/types.h"

namespace nemf::cli {

// The files that commands read and write. Every function throws Failure(kFileError) with the file's
// name and the reason.

// Returns the content of a file.
std::string ReadFile(const std::string& path);

// Creates a file or replaces its content.
void WriteFile(const std::string& path, const std::string& bytes);

// Checks before a long computation that its result can be written: the folder of `path` must exist
// and `path` must not be a folder. An empty path is accepted and means no output.
void CheckOutput(const std::string& path);

// Decodes `bytes`, the content of the image file `path`, to 8-bit BGR.
cv::Mat Decode(const std::string& bytes, const std::string& path);

// Writes an 8-bit BGR picture.
void WritePng(const std::string& path, const cv::Mat& picture);

// Parses {"points": [[x, y], ...]}; other keys are ignored. `name` names the file in errors:
// "NAME: points[3] = [1], must be two finite numbers [x, y]".
std::vector<client::Point> ParseKeypoints(const std::string& json, const std::string& name);

// Reads and parses a file of keypoints.
std::vector<client::Point> ReadKeypoints(const std::string& path);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_FILES_H_
