#ifndef NEMF_CLIENT_CLI_PICTURES_H_
#define NEMF_CLIENT_CLI_PICTURES_H_

#include <opencv2/core.hpp>
#include <string>

namespace nemf::cli {

// Both throw Failure(kFileError) that names the file.

// Decodes the content of the file `path` to 8-bit BGR.
cv::Mat Decode(const std::string& bytes, const std::string& path);

void WritePng(const std::string& path, const cv::Mat& picture);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_PICTURES_H_
