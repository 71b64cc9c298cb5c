#include "server/service/images/image_decoder.h"

#include <cstring>
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/service/images/image_header.h"
#include "server/service/images/jpeg_decoder.h"

namespace nemf {
namespace {

using absl::InvalidArgumentError;
using absl::StrCat;
using absl::string_view;

// Width and height against the limits. `of` is what the numbers belong to: "query.encoded ".
absl::Status CheckSize(std::int64_t width, std::int64_t height, const ImageLimits& limits,
                       string_view of) {
  for (const auto& [name, side] : {std::pair("width", width), std::pair("height", height)}) {
    if (side < 1) return InvalidArgumentError(StrCat(of, name, " = ", side, ", must be >= 1"));
    if (side > limits.max_image_side) {
      return InvalidArgumentError(
          StrCat(of, name, " = ", side, ", must be <= ", limits.max_image_side));
    }
  }
  if (width * height > limits.max_image_pixels) {
    return InvalidArgumentError(StrCat(of, "width * height = ", width, " * ", height,
                                       " pixels, must be <= ", limits.max_image_pixels));
  }
  return absl::OkStatus();
}

cv::Mat DecodeToBgr(const std::string& file) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1, const_cast<char*>(file.data()));
  try {
    return cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    return {};
  }
}

// Whether `decoded` has the stated size, perhaps turned by a quarter.
bool SameSize(const ImageHeader& header, const cv::Mat& decoded) {
  return (decoded.cols == header.width && decoded.rows == header.height) ||
         (decoded.cols == header.height && decoded.rows == header.width);
}

Image MakeImage(int width, int height) {
  Image image;
  image.size = {width, height};
  image.rgb.resize(std::size_t{3} * width * height);
  return image;
}

// A view of the image's pixels.
cv::Mat AsMat(Image& image) {
  return cv::Mat(image.size.height, image.size.width, CV_8UC3, image.rgb.data());
}

std::string Refusal(const std::string& file, const std::string& field, string_view problem) {
  return StrCat(field, " = ", file.size(), " bytes, ", problem, ", must be a complete image file");
}

// What a file of a known format says of itself, within the limits.
struct CheckedFile {
  ImageFormat format;
  ImageHeader header;
};

absl::StatusOr<CheckedFile> CheckHeader(const std::string& file, const ImageLimits& limits,
                                        const std::string& field) {
  if (static_cast<std::int64_t>(file.size()) > limits.max_image_bytes) {
    return InvalidArgumentError(
        StrCat(field, " = ", file.size(), " bytes, must be <= ", limits.max_image_bytes));
  }
  const std::optional<ImageFormat> format = DetectImageFormat(file);
  if (!format) {
    return InvalidArgumentError(StrCat(field, " = ", file.size(), " bytes that start with \"",
                                       absl::CHexEscape(file.substr(0, 8)),
                                       "\", must be a JPEG, PNG, WebP, BMP or TIFF file"));
  }
  const absl::StatusOr<ImageHeader> header = ReadImageHeader(*format, file);
  if (!header.ok()) return InvalidArgumentError(Refusal(file, field, header.status().message()));
  if (absl::Status status = CheckSize(header->width, header->height, limits, field + " ");
      !status.ok()) {
    return status;
  }
  return CheckedFile{*format, *header};
}

absl::StatusOr<Image> DecodeEncoded(const std::string& file, const ImageLimits& limits,
                                    const std::string& field) {
  const absl::StatusOr<CheckedFile> checked = CheckHeader(file, limits, field);
  if (!checked.ok()) return checked.status();
  const auto& [format, header] = *checked;
  const auto refuse = [&](string_view problem) {
    return InvalidArgumentError(Refusal(file, field, StrCat("is a ", problem)));
  };
  if (!header.complete) return refuse(StrCat("truncated ", FormatName(format), " file"));

  if (format == ImageFormat::kJpeg) {
    const ImageSize size = {static_cast<int>(header.width), static_cast<int>(header.height)};
    if (std::optional<Image> image = DecodePlainJpeg(file, size)) return *std::move(image);
  }
  const cv::Mat bgr = DecodeToBgr(file);
  if (bgr.empty()) return refuse(StrCat(FormatName(format), " file that cannot be decoded"));
  if (!SameSize(header, bgr)) {
    return refuse(StrCat(FormatName(format), " file that states two sizes"));
  }
  Image image = MakeImage(bgr.cols, bgr.rows);
  cv::Mat rgb = AsMat(image);
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return image;
}

// Bytes a pixel; 0 where the format is not one of ours.
int PixelBytes(v1::RawImage::Format format) {
  switch (format) {
    case v1::RawImage::RGB8:
    case v1::RawImage::BGR8:
      return 3;
    case v1::RawImage::GRAY8:
      return 1;
    default:
      return 0;
  }
}

Image ConvertRaw(const v1::RawImage& raw, std::size_t stride) {
  Image image = MakeImage(static_cast<int>(raw.width()), static_cast<int>(raw.height()));
  cv::Mat rgb = AsMat(image);
  const int type = PixelBytes(raw.format()) == 1 ? CV_8UC1 : CV_8UC3;
  const cv::Mat pixels(rgb.rows, rgb.cols, type, const_cast<char*>(raw.data().data()), stride);
  if (raw.format() == v1::RawImage::RGB8) {
    pixels.copyTo(rgb);
  } else {
    cv::cvtColor(pixels, rgb, type == CV_8UC1 ? cv::COLOR_GRAY2RGB : cv::COLOR_BGR2RGB);
  }
  return image;
}

absl::StatusOr<Image> DecodeRaw(const v1::RawImage& raw, const ImageLimits& limits,
                                const std::string& field) {
  const int pixel_bytes = PixelBytes(raw.format());
  if (pixel_bytes == 0) {
    return InvalidArgumentError(
        StrCat(field, ".format = ", raw.format(), ", must be RGB8, BGR8 or GRAY8"));
  }
  if (absl::Status status = CheckSize(raw.width(), raw.height(), limits, field + ".");
      !status.ok()) {
    return status;
  }
  // No overflow: the sides and the stride are below 2^32, and all sums are 64 bits wide.
  const std::uint64_t row = std::uint64_t{raw.width()} * pixel_bytes;
  const std::uint64_t stride = raw.stride() == 0 ? row : raw.stride();
  if (stride < row) {
    return InvalidArgumentError(StrCat(field, ".stride = ", stride, ", must be 0 or >= ", row,
                                       " (width * bytes per pixel)"));
  }
  const std::uint64_t needed = stride * (raw.height() - 1) + row;
  if (raw.data().size() < needed) {
    return InvalidArgumentError(StrCat(field, ".data = ", raw.data().size(),
                                       " bytes, must be >= ", needed,
                                       " (stride * (height - 1) + width * bytes per pixel)"));
  }
  return ConvertRaw(raw, stride);
}

}  // namespace

std::optional<ImageSize> StatedSize(const v1::Image& image, const ImageLimits& limits) {
  std::int64_t width = image.raw().width();
  std::int64_t height = image.raw().height();
  if (image.has_encoded()) {
    const absl::StatusOr<CheckedFile> checked = CheckHeader(image.encoded(), limits, "");
    if (!checked.ok()) return std::nullopt;
    width = checked->header.width;
    height = checked->header.height;
  }
  if (!CheckSize(width, height, limits, "").ok()) return std::nullopt;
  return ImageSize{static_cast<int>(width), static_cast<int>(height)};
}

absl::StatusOr<Image> DecodeImage(const v1::Image& image, const ImageLimits& limits,
                                  string_view field) {
  try {
    switch (image.source_case()) {
      case v1::Image::kEncoded:
        return DecodeEncoded(image.encoded(), limits, StrCat(field, ".encoded"));
      case v1::Image::kRaw:
        return DecodeRaw(image.raw(), limits, StrCat(field, ".raw"));
      case v1::Image::SOURCE_NOT_SET:
        break;
    }
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(StrCat(field, ": not enough memory to decode the image"));
  }
  return InvalidArgumentError(StrCat(field, " = nothing, must be an encoded or a raw image"));
}

}  // namespace nemf
