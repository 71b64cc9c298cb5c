#ifndef NEMF_SERVER_SERVICE_IMAGES_JPEG_DECODER_H_
#define NEMF_SERVER_SERVICE_IMAGES_JPEG_DECODER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "server/engine/image.h"

namespace nemf {

// Decodes a JPEG file straight to RGB. The pixels equal those of OpenCV, in three quarters of its
// time: without a second image in BGR order. `size` is the size in the file's header.
//
// Returns nullopt for damaged, CMYK and EXIF-bearing files (which may have to be turned); callers
// then fall back to OpenCV. Throws std::bad_alloc.
std::optional<Image> DecodePlainJpeg(absl::string_view file, ImageSize size);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_JPEG_DECODER_H_
