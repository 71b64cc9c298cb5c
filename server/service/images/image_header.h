#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nemf {

enum class ImageFormat { kJpeg, kPng, kWebp, kBmp, kTiff };

// "JPEG", "PNG", ...
absl::string_view FormatName(ImageFormat format);

// What kind of file starts with these bytes, by magic number; nothing when it is none of ours.
std::optional<ImageFormat> DetectImageFormat(absl::string_view file);

// What a file says of itself, read without decoding a pixel.
struct ImageHeader {
  std::int64_t width = 0;   // pixels, as stored: before EXIF orientation
  std::int64_t height = 0;  // pixels, likewise
  // Whether the file reaches to its own end. Decoders fill what is missing with grey and call it
  // success, so nobody else would notice.
  bool complete = false;
};

// Needs no more memory than the answer, and time linear in the file. INVALID_ARGUMENT where the
// size cannot be read says why in a few words, without naming the field: "is a truncated PNG file".
absl::StatusOr<ImageHeader> ReadImageHeader(ImageFormat format, absl::string_view file);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_H_
