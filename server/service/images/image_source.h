#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_SOURCE_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_SOURCE_H_

#include <cstdint>
#include <variant>

#include "absl/strings/string_view.h"
#include "server/base/sha256.h"

namespace nemf {

// Bounds of one image of a request, checked before memory is allocated for its pixels.
struct ImageLimits {
  std::int64_t max_image_bytes = 32 << 20;     // of an encoded image, >= 1
  std::int64_t max_image_pixels = 64'000'000;  // width * height, >= 1
  int max_image_side = 32'768;                 // pixels, 1 to 65,500: a row fits one flow chunk
};

// The bytes of an image file.
struct ImageFile {
  absl::string_view bytes;
};

// The numbers of v1::RawImage.Format.
enum class PixelFormat { kRgb8 = 1, kBgr8 = 2, kGray8 = 3 };

// 8-bit pixels, row-major.
struct RawPixels {
  absl::string_view bytes;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t stride = 0;  // bytes from one row to the next; 0: rows without padding
  PixelFormat format = PixelFormat::kRgb8;  // perhaps none of the named values
};

// An image as a request holds it, which owns the bytes and outlives this. monostate: it has none.
using ImageSource = std::variant<std::monostate, ImageFile, RawPixels>;

// Returns the digest of an image: of its file, or of its raw pixels with their layout. One picture
// in two files, or in rows of another stride, has two digests.
Sha256Digest DigestOf(const ImageSource& image);

// Returns the digest of a pair from those of its images.
Sha256Digest PairDigestOf(const Sha256Digest& query, const Sha256Digest& reference);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_SOURCE_H_
