#ifndef NEMF_SERVER_SERVICE_IMAGES_JPEG_DECODER_H_
#define NEMF_SERVER_SERVICE_IMAGES_JPEG_DECODER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "server/engine/image.h"

namespace nemf {

// Decodes a JPEG file straight to RGB, with the pixels that OpenCV has for it in three quarters of
// its time: without a second image in another order of colours.
//
// Nothing where that is not simple, and OpenCV is to be asked: of files that are damaged, of CMYK
// ones, and of ones with EXIF data, which may say that the picture is to be turned. `size` is what
// the file's header says; throws std::bad_alloc.
std::optional<Image> DecodePlainJpeg(absl::string_view file, ImageSize size);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_JPEG_DECODER_H_
