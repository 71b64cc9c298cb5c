#ifndef NEMF_TESTS_SERVICE_TEST_IMAGES_H_
#define NEMF_TESTS_SERVICE_TEST_IMAGES_H_

#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace nemf::testing {

// A BGR gradient: blue grows with x, green with y, red is constant. Kind to lossy formats.
inline cv::Mat Gradient(int width, int height) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<unsigned char>(x * 255 / width),
                                            static_cast<unsigned char>(y * 255 / height), 200);
    }
  }
  return image;
}

// The image as a file: `extension` is ".jpg", ".png", ".webp", ".bmp" or ".tiff".
inline std::string Encode(const cv::Mat& image, const std::string& extension,
                          const std::vector<int>& parameters = {}) {
  std::vector<unsigned char> bytes;
  cv::imencode(extension, image, bytes, parameters);
  return std::string(bytes.begin(), bytes.end());
}

// Overwrites bytes of a file: a lying header.
inline std::string Patched(std::string file, std::size_t offset, const std::string& bytes) {
  return file.replace(offset, bytes.size(), bytes);
}

}  // namespace nemf::testing

#endif  // NEMF_TESTS_SERVICE_TEST_IMAGES_H_
