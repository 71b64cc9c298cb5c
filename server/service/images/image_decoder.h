#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_DECODER_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_DECODER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/engine/image.h"
#include "server/service/images/image_limits.h"

namespace nemf {

// The image of a request as 8-bit RGB, EXIF orientation applied, alpha dropped, grey spread over
// three channels. Nothing reaches a decoder but a complete JPEG, PNG, WebP, BMP or TIFF file whose
// stated size is within the limits; so memory is bounded by the limits, whatever the bytes.
//
// `field` is the image's name in error messages: "query". INVALID_ARGUMENT names field, value and
// rule: "query.encoded width = 100000, must be <= 32768".
absl::StatusOr<Image> DecodeImage(const v1::Image& image, const ImageLimits& limits,
                                  absl::string_view field);

// The size that an image says it has, as stored (before EXIF orientation), read without decoding a
// pixel; nothing where it says none or `limits` refuse it.
std::optional<ImageSize> StatedSize(const v1::Image& image, const ImageLimits& limits);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_DECODER_H_
