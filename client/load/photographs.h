#ifndef NEMF_CLIENT_LOAD_PHOTOGRAPHS_H_
#define NEMF_CLIENT_LOAD_PHOTOGRAPHS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nemf/status.h"

namespace nemf::load {

// An encoded image and its size after its EXIF orientation has been applied.
struct Photograph {
  std::string name;
  std::string bytes;
  int width = 0;   // pixels
  int height = 0;  // pixels
};

// Limit of the images taken from a folder. Their bytes stay in memory.
inline constexpr std::size_t kMaxPhotographs = 256;

// Reads the images directly in a folder (.jpg, .jpeg, .png, .webp, .bmp, .tif, .tiff), the first
// kMaxPhotographs by name. Returns kInvalidArgument with the path if the folder or an image cannot
// be read, or if there are fewer than two images.
client::Result<std::vector<Photograph>> ReadPhotographs(const std::string& folder);

// Makes `count` different JPEG files of smooth random colours with some texture, about as large as
// photographs of the same size. Equal seeds give equal pixels before encoding.
std::vector<Photograph> MakePhotographs(int count, int width, int height, std::uint64_t seed);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_PHOTOGRAPHS_H_
