#ifndef NEMF_CLIENT_INCLUDE_NEMF_IMAGE_H_
#define NEMF_CLIENT_INCLUDE_NEMF_IMAGE_H_

#include <cstdint>
#include <string>
#include <variant>

namespace nemf::client {

// A point in pixels. x increases to the right and y downwards; (0, 0) is the centre of the top-left
// pixel.
struct Point {
  float x = 0;
  float y = 0;
};

// The bytes of a JPEG, PNG, WebP, BMP or TIFF file. The server decodes it and applies its EXIF
// orientation. Pixel coordinates refer to the oriented image.
struct EncodedImage {
  std::string bytes;
};

enum class PixelFormat { kRgb8, kBgr8, kGray8 };

// Uncompressed pixels, top row first.
struct RawImage {
  PixelFormat format = PixelFormat::kRgb8;
  std::uint32_t width = 0;   // pixels, >= 1
  std::uint32_t height = 0;  // pixels, >= 1
  std::uint32_t stride = 0;  // bytes between the starts of two rows; 0: rows without padding
  std::string data;
};

using Image = std::variant<EncodedImage, RawImage>;

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_IMAGE_H_
