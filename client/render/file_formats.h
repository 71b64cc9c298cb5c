#ifndef NEMF_CLIENT_RENDER_FILE_FORMATS_H_
#define NEMF_CLIENT_RENDER_FILE_FORMATS_H_

#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "nemf/flow_field.h"
#include "nemf/status.h"

namespace nemf::client {

// Decodes an image file's content to 8-bit BGR, with its EXIF orientation applied, as the server
// does. kInvalidArgument: not an image that can be read.
Result<cv::Mat> DecodeImage(std::string_view bytes);

// The content of a PNG file of an 8-bit BGR picture.
Result<std::string> EncodePng(const cv::Mat& picture);

// The Middlebury format for flow (vision.middlebury.edu/flow): the float 202021.25 ("PIEH"), width
// and height as int32, then (dx, dy) as float32 for every pixel, row-major; all little endian.

// The content of a .flo file. The confidence is not part of it.
std::string EncodeFlo(const FlowField& field);

// The field in the content of a .flo file. kInvalidArgument says what is wrong with the bytes.
Result<FlowField> DecodeFlo(std::string_view bytes);

// The content of a .npy file (NumPy's format 1.0) of float32 values in C order. Requires as many
// values as the shape has elements.
std::string EncodeNpy(const std::vector<int>& shape, const std::vector<float>& values);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FILE_FORMATS_H_
