#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_LIMITS_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_LIMITS_H_

#include <cstdint>

namespace nemf {

// Bounds of one image of a request, checked before anything is allocated for its pixels.
struct ImageLimits {
  std::int64_t max_image_bytes = 32 << 20;     // of an encoded image, >= 1
  std::int64_t max_image_pixels = 64'000'000;  // width * height, >= 1
  int max_image_side = 32'768;                 // pixels, 1 to 65,500: a row fits one flow chunk
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_LIMITS_H_
