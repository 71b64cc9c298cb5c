#ifndef NEMF_CLIENT_RENDER_IMAGE_FILE_H_
#define NEMF_CLIENT_RENDER_IMAGE_FILE_H_

#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "nemf/status.h"

namespace nemf::client {

// Decodes an image file's content to 8-bit BGR, with its EXIF orientation applied, as the server
// does. kInvalidArgument: not an image that can be read.
Result<cv::Mat> DecodeImage(std::string_view bytes);

// The content of a PNG file of an 8-bit BGR picture.
Result<std::string> EncodePng(const cv::Mat& picture);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_IMAGE_FILE_H_
