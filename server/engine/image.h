#ifndef NEMF_SERVER_ENGINE_IMAGE_H_
#define NEMF_SERVER_ENGINE_IMAGE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace nemf {

// Width and height in pixels.
struct ImageSize {
  int width = 0;
  int height = 0;
};

// A point (x, y), in pixels unless stated otherwise: x to the right, y downwards. The centre of the
// top-left pixel is (0, 0).
struct Point {
  float x = 0;
  float y = 0;
};

// An 8-bit RGB image, row-major [height][width][3], rows without padding.
struct Image {
  ImageSize size;
  std::vector<std::uint8_t> rgb;
};

// Two images to match: for points of `query`, the engine finds the corresponding points of
// `reference`. Neither may be null when the pair is used. A copy of a pair shares the pixels.
struct ImagePair {
  std::shared_ptr<const Image> query;
  std::shared_ptr<const Image> reference;
};

inline ImagePair MakeImagePair(Image query, Image reference) {
  return {std::make_shared<const Image>(std::move(query)),
          std::make_shared<const Image>(std::move(reference))};
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_IMAGE_H_
