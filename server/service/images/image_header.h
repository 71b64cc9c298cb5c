#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nemf {

enum class ImageFormat { kJpeg, kPng, kWebp, kBmp, kTiff };

// "JPEG", "PNG", ...
absl::string_view FormatName(ImageFormat format);

// Returns the format of a file by its first bytes; nullopt for any other kind of file.
std::optional<ImageFormat> DetectImageFormat(absl::string_view file);

// The header of an image file, read without decoding a pixel.
struct ImageHeader {
  std::int64_t width = 0;   // pixels, as stored: before EXIF orientation
  std::int64_t height = 0;  // pixels, likewise
  // Whether the file is as long as it states. Decoders fill missing parts with grey and report
  // success, so this is the only check.
  bool complete = false;
};

// Needs constant memory, and time linear in the file. INVALID_ARGUMENT if the size cannot be read;
// the message gives the reason without naming the field: "is a truncated PNG file".
absl::StatusOr<ImageHeader> ReadImageHeader(ImageFormat format, absl::string_view file);

// One reader for each format, private to image_header.cc. Each requires that the file starts with
// the format's magic number.
namespace image_header {

absl::StatusOr<ImageHeader> ReadJpeg(absl::string_view file);
absl::StatusOr<ImageHeader> ReadPng(absl::string_view file);
absl::StatusOr<ImageHeader> ReadWebp(absl::string_view file);
absl::StatusOr<ImageHeader> ReadBmp(absl::string_view file);
absl::StatusOr<ImageHeader> ReadTiff(absl::string_view file);

inline absl::Status Truncated(absl::string_view format) {
  return absl::InvalidArgumentError(absl::StrCat("is a truncated ", format, " file"));
}

inline absl::Status Malformed(absl::string_view format, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("is a malformed ", format, " file: ", what));
}

}  // namespace image_header

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_H_
