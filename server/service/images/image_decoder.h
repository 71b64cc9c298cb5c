#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_DECODER_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_DECODER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/engine/image.h"
#include "server/service/images/image_header.h"
#include "server/service/images/image_source.h"

namespace nemf {

// An image whose header, or layout of raw pixels, was read and is within the limits.
struct CheckedImage {
  ImageSource source;
  std::string name;                                  // in error messages: "query"
  ImageSize size;                                    // as stored: before EXIF orientation
  std::optional<ImageFormat> format = std::nullopt;  // of a file
  std::size_t stride = 0;  // of raw pixels: bytes from one row to the next
};

// Reads the header of an image, once, without decoding a pixel. Accepts raw pixels and complete
// JPEG, PNG, WebP, BMP and TIFF files, recognised by their first bytes. Needs no memory, and time
// linear in the file.
//
// INVALID_ARGUMENT names field, value and rule: "query.encoded width = 100000, must be <= 32768".
absl::StatusOr<CheckedImage> CheckImage(const ImageSource& image, const ImageLimits& limits,
                                        absl::string_view name);

// Decodes an image to 8-bit RGB: EXIF orientation is applied, alpha dropped, grey spread over three
// channels. The result has the checked size, or that size turned by a quarter. Memory is bounded by
// the limits, whatever the bytes are.
//
// INVALID_ARGUMENT if the file is damaged, RESOURCE_EXHAUSTED if there is not enough memory.
absl::StatusOr<Image> DecodeImage(const CheckedImage& image);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_DECODER_H_
