#ifndef NEMF_CLIENT_CLI_KEYPOINTS_FILE_H_
#define NEMF_CLIENT_CLI_KEYPOINTS_FILE_H_

#include <string>
#include <vector>

#include "nemf/types.h"

namespace nemf::cli {

// The points of {"points": [[x, y], ...]}; other keys are ignored. `name` is the file's, for
// errors. Throws Failure(kFileError): "NAME: points[3] = [1], must be two finite numbers [x, y]".
std::vector<client::Point> ParseKeypoints(const std::string& json, const std::string& name);

// The same of a file's content.
std::vector<client::Point> ReadKeypoints(const std::string& path);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_KEYPOINTS_FILE_H_
