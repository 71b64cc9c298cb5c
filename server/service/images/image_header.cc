#include "server/service/images/image_header.h"

#include "absl/strings/match.h"
#include "server/service/images/image_header_formats.h"

namespace nemf {

using absl::string_view;

string_view FormatName(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kWebp:
      return "WebP";
    case ImageFormat::kBmp:
      return "BMP";
    case ImageFormat::kTiff:
      return "TIFF";
  }
  return "unknown";
}

std::optional<ImageFormat> DetectImageFormat(string_view file) {
  if (absl::StartsWith(file, "\xFF\xD8\xFF")) return ImageFormat::kJpeg;
  if (absl::StartsWith(file, "\x89PNG\r\n\x1A\n")) return ImageFormat::kPng;
  if (absl::StartsWith(file, "RIFF") && file.size() >= 12 && file.substr(8, 4) == "WEBP") {
    return ImageFormat::kWebp;
  }
  if (absl::StartsWith(file, "BM")) return ImageFormat::kBmp;
  if (absl::StartsWith(file, string_view("II*\0", 4))) return ImageFormat::kTiff;
  if (absl::StartsWith(file, string_view("MM\0*", 4))) return ImageFormat::kTiff;
  return std::nullopt;
}

absl::StatusOr<ImageHeader> ReadImageHeader(ImageFormat format, string_view file) {
  switch (format) {
    case ImageFormat::kJpeg:
      return image_header::ReadJpeg(file);
    case ImageFormat::kPng:
      return image_header::ReadPng(file);
    case ImageFormat::kWebp:
      return image_header::ReadWebp(file);
    case ImageFormat::kBmp:
      return image_header::ReadBmp(file);
    case ImageFormat::kTiff:
      return image_header::ReadTiff(file);
  }
  return absl::InternalError("unknown image format");
}

}  // namespace nemf
