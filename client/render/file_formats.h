#ifndef NEMF_CLIENT_RENDER_FILE_FORMATS_H_
#define NEMF_CLIENT_RENDER_FILE_FORMATS_H_

#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "nemf/flow_field.h"
#include "nemf/status.h"

namespace nemf::client {

// Decodes an image file's content to 8-bit BGR and applies its EXIF orientation, as the server
// does. Returns kInvalidArgument if it is not an image or is damaged.
Result<cv::Mat> DecodeImage(std::string_view bytes);

// Encodes an 8-bit BGR picture as PNG.
Result<std::string> EncodePng(const cv::Mat& picture);

// The Middlebury format for flow (vision.middlebury.edu/flow): the float 202021.25 ("PIEH"), width
// and height as int32, then (dx, dy) as float32 for every pixel, row-major; all little endian.

// Encodes a flow as the content of a .flo file, without confidence and consistency.
std::string EncodeFlo(const FlowField& field);

// Decodes the content of a .flo file. Returns kInvalidArgument with the reason if it is damaged.
Result<FlowField> DecodeFlo(std::string_view bytes);

// Encodes float32 values in C order as the content of a .npy file (NumPy's format 1.0). Requires
// one value for each element of the shape.
std::string EncodeNpy(const std::vector<int>& shape, const std::vector<float>& values);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FILE_FORMATS_H_
