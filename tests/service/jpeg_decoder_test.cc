#include "server/service/images/jpeg_decoder.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "tests/service/test_images.h"

namespace nemf {
namespace {

using testing::Encode;
using testing::Gradient;

// The RGB pixels that OpenCV has for a file.
std::vector<std::uint8_t> OpenCvPixels(const std::string& file) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1, const_cast<char*>(file.data()));
  cv::Mat rgb;
  cv::cvtColor(cv::imdecode(bytes, cv::IMREAD_COLOR), rgb, cv::COLOR_BGR2RGB);
  return {rgb.datastart, rgb.dataend};
}

void ExpectOpenCvPixels(const std::string& file, ImageSize size) {
  const std::optional<Image> image = DecodePlainJpeg(file, size);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->size.width, size.width);
  EXPECT_EQ(image->size.height, size.height);
  EXPECT_EQ(image->rgb, OpenCvPixels(file));
}

TEST(JpegDecoderTest, HasThePixelsThatOpenCvHas) {
  for (const ImageSize size : {ImageSize{1, 1}, {61, 47}, {64, 48}, {7, 130}}) {
    for (const int quality : {30, 90, 100}) {
      for (const int progressive : {0, 1}) {
        SCOPED_TRACE(::testing::Message() << size.width << " x " << size.height << ", quality "
                                          << quality << ", progressive " << progressive);
        ExpectOpenCvPixels(
            Encode(Gradient(size.width, size.height), ".jpg",
                   {cv::IMWRITE_JPEG_QUALITY, quality, cv::IMWRITE_JPEG_PROGRESSIVE, progressive}),
            size);
      }
    }
  }
}

TEST(JpegDecoderTest, MakesThreeColoursOfGrey) {
  cv::Mat grey;
  cv::cvtColor(Gradient(33, 21), grey, cv::COLOR_BGR2GRAY);
  ExpectOpenCvPixels(Encode(grey, ".jpg"), {33, 21});
}

TEST(JpegDecoderTest, LeavesOtherSizesDamageAndExifToOpenCv) {
  const std::string file = Encode(Gradient(61, 47), ".jpg");
  EXPECT_FALSE(DecodePlainJpeg(file, {47, 61}).has_value());
  EXPECT_FALSE(DecodePlainJpeg(file, {61, 46}).has_value());
  EXPECT_FALSE(DecodePlainJpeg(file.substr(0, file.size() / 2), {61, 47}).has_value());
  EXPECT_FALSE(DecodePlainJpeg("", {61, 47}).has_value());
  const std::string exif(
      "\xFF\xE1\x00\x0A"
      "Exif\0\0\0\0",
      12);
  EXPECT_FALSE(DecodePlainJpeg(file.substr(0, 2) + exif + file.substr(2), {61, 47}).has_value());
}

}  // namespace
}  // namespace nemf
