#include "client/render/image_file.h"

#include <opencv2/imgcodecs.hpp>
#include <vector>

namespace nemf::client {

Result<cv::Mat> DecodeImage(std::string_view bytes) {
  try {
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1,
                         const_cast<char*>(bytes.data()));
    cv::Mat image = bytes.empty() ? cv::Mat() : cv::imdecode(buffer, cv::IMREAD_COLOR);
    if (!image.empty()) return image;
  } catch (const cv::Exception&) {
    // Falls through: for the caller a broken file and an unknown format are the same.
  }
  return Status(Code::kInvalidArgument, "not an image that can be decoded");
}

Result<std::string> EncodePng(const cv::Mat& picture) {
  try {
    std::vector<unsigned char> bytes;
    if (cv::imencode(".png", picture, bytes)) return std::string(bytes.begin(), bytes.end());
  } catch (const cv::Exception& error) {
    return Status(Code::kInternal, std::string("cannot encode a PNG: ") + error.what());
  }
  return Status(Code::kInternal, "cannot encode a PNG");
}

}  // namespace nemf::client
