#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_FORMATS_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_FORMATS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/service/images/image_header.h"

// One reader for each format, private to image_header.cc. Each requires that the file starts with
// the format's magic number.
namespace nemf::image_header {

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

}  // namespace nemf::image_header

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_HEADER_FORMATS_H_
