#ifndef NEMF_CLIENT_LOAD_PHOTOGRAPHS_H_
#define NEMF_CLIENT_LOAD_PHOTOGRAPHS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nemf/status.h"

namespace nemf::load {

// An encoded image to be sent, and its size once its EXIF orientation is applied.
struct Photograph {
  std::string name;
  std::string bytes;
  int width = 0;   // pixels
  int height = 0;  // pixels
};

// The most that are taken from a folder: their bytes stay in memory.
inline constexpr std::size_t kMaxPhotographs = 256;

// The images that lie in the folder itself (.jpg, .jpeg, .png, .webp, .bmp, .tif, .tiff), by name,
// at most kMaxPhotographs. kInvalidArgument names the folder or the file that is wrong; a folder
// with fewer than two images is.
client::Result<std::vector<Photograph>> ReadPhotographs(const std::string& folder);

// `count` JPEG files of smooth random colours with some texture, no two alike; about as large as
// photographs of their size. Equal seeds give equal pixels before the encoder.
std::vector<Photograph> MakePhotographs(int count, int width, int height, std::uint64_t seed);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_PHOTOGRAPHS_H_
