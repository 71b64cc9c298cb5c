#include "client/cli/pictures.h"

#include <utility>

#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/render/image_file.h"

namespace nemf::cli {

cv::Mat Decode(const std::string& bytes, const std::string& path) {
  client::Result<cv::Mat> image = client::DecodeImage(bytes);
  if (!image.ok()) throw Failure(kFileError, path + ": " + image.status().message());
  return std::move(image).value();
}

void WritePng(const std::string& path, const cv::Mat& picture) {
  const client::Result<std::string> png = client::EncodePng(picture);
  if (!png.ok()) throw Failure(kFileError, path + ": " + png.status().message());
  WriteFile(path, *png);
}

}  // namespace nemf::cli
