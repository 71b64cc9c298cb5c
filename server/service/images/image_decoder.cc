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

cv::Mat DecodeToBgr(string_view file) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1, const_cast<char*>(file.data()));
  try {
    return cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    return {};
  }
}

// Returns whether `decoded` has the stated size, perhaps turned by a quarter.
bool SameSize(ImageSize stated, const cv::Mat& decoded) {
  return (decoded.cols == stated.width && decoded.rows == stated.height) ||
         (decoded.cols == stated.height && decoded.rows == stated.width);
}

Image MakeImage(int width, int height) {
  Image image;
  image.size = {width, height};
  image.rgb.resize(std::size_t{3} * width * height);
  return image;
}

// Returns a view of the image's pixels.
cv::Mat AsMat(Image& image) {
  return cv::Mat(image.size.height, image.size.width, CV_8UC3, image.rgb.data());
}

absl::Status Refuse(string_view file, string_view name, string_view problem) {
  return InvalidArgumentError(StrCat(name, ".encoded = ", file.size(), " bytes, ", problem,
                                     ", must be a complete image file"));
}

absl::StatusOr<CheckedImage> CheckFile(const ImageFile& image, const ImageLimits& limits,
                                       string_view name) {
  const string_view file = image.bytes;
  if (static_cast<std::int64_t>(file.size()) > limits.max_image_bytes) {
    return InvalidArgumentError(
        StrCat(name, ".encoded = ", file.size(), " bytes, must be <= ", limits.max_image_bytes));
  }
  const std::optional<ImageFormat> format = DetectImageFormat(file);
  if (!format) {
    return InvalidArgumentError(StrCat(
        name, ".encoded = ", file.size(), " bytes that start with \"",
        absl::CHexEscape(file.substr(0, 8)), "\", must be a JPEG, PNG, WebP, BMP or TIFF file"));
  }
  const absl::StatusOr<ImageHeader> header = ReadImageHeader(*format, file);
  if (!header.ok()) return Refuse(file, name, header.status().message());
  absl::Status status = CheckSize(header->width, header->height, limits, StrCat(name, ".encoded "));
  if (!status.ok()) return status;
  if (!header->complete) {
    return Refuse(file, name, StrCat("is a truncated ", FormatName(*format), " file"));
  }
  return CheckedImage{.source = image,
                      .name = std::string(name),
                      .size = {static_cast<int>(header->width), static_cast<int>(header->height)},
                      .format = format};
}

// Returns the bytes of a pixel; 0 for an unknown format.
int PixelBytes(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgb8:
    case PixelFormat::kBgr8:
      return 3;
    case PixelFormat::kGray8:
      return 1;
  }
  return 0;
}

absl::StatusOr<CheckedImage> CheckPixels(const RawPixels& raw, const ImageLimits& limits,
                                         string_view name) {
  const int pixel_bytes = PixelBytes(raw.format);
  if (pixel_bytes == 0) {
    return InvalidArgumentError(StrCat(name, ".raw.format = ", static_cast<int>(raw.format),
                                       ", must be RGB8, BGR8 or GRAY8"));
  }
  absl::Status status = CheckSize(raw.width, raw.height, limits, StrCat(name, ".raw."));
  if (!status.ok()) return status;
  // No overflow: the sides and the stride are below 2^32, and all sums are 64 bits wide.
  const std::uint64_t row = std::uint64_t{raw.width} * pixel_bytes;
  const std::uint64_t stride = raw.stride == 0 ? row : raw.stride;
  if (stride < row) {
    return InvalidArgumentError(StrCat(name, ".raw.stride = ", stride, ", must be 0 or >= ", row,
                                       " (width * bytes per pixel)"));
  }
  const std::uint64_t needed = stride * (raw.height - 1) + row;
  if (raw.bytes.size() < needed) {
    return InvalidArgumentError(StrCat(name, ".raw.data = ", raw.bytes.size(),
                                       " bytes, must be >= ", needed,
                                       " (stride * (height - 1) + width * bytes per pixel)"));
  }
  return CheckedImage{.source = raw,
                      .name = std::string(name),
                      .size = {static_cast<int>(raw.width), static_cast<int>(raw.height)},
                      .stride = stride};
}

absl::StatusOr<Image> DecodeFile(string_view file, const CheckedImage& checked) {
  const auto refuse = [&](string_view problem) {
    return Refuse(file, checked.name, StrCat("is a ", FormatName(*checked.format), problem));
  };
  if (checked.format == ImageFormat::kJpeg) {
    if (std::optional<Image> image = DecodePlainJpeg(file, checked.size)) return *std::move(image);
  }
  const cv::Mat bgr = DecodeToBgr(file);
  if (bgr.empty()) return refuse(" file that cannot be decoded");
  if (!SameSize(checked.size, bgr)) return refuse(" file that states two sizes");
  Image image = MakeImage(bgr.cols, bgr.rows);
  cv::Mat rgb = AsMat(image);
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return image;
}

Image ConvertPixels(const RawPixels& raw, const CheckedImage& checked) {
  Image image = MakeImage(checked.size.width, checked.size.height);
  cv::Mat rgb = AsMat(image);
  const bool is_grey = raw.format == PixelFormat::kGray8;
  const cv::Mat pixels(rgb.rows, rgb.cols, is_grey ? CV_8UC1 : CV_8UC3,
                       const_cast<char*>(raw.bytes.data()), checked.stride);
  if (raw.format == PixelFormat::kRgb8) {
    pixels.copyTo(rgb);
  } else {
    cv::cvtColor(pixels, rgb, is_grey ? cv::COLOR_GRAY2RGB : cv::COLOR_BGR2RGB);
  }
  return image;
}

}  // namespace

absl::StatusOr<CheckedImage> CheckImage(const ImageSource& image, const ImageLimits& limits,
                                        string_view name) {
  if (const auto* file = std::get_if<ImageFile>(&image)) return CheckFile(*file, limits, name);
  if (const auto* raw = std::get_if<RawPixels>(&image)) return CheckPixels(*raw, limits, name);
  return InvalidArgumentError(StrCat(name, " = nothing, must be an encoded or a raw image"));
}

absl::StatusOr<Image> DecodeImage(const CheckedImage& image) {
  try {
    if (const auto* raw = std::get_if<RawPixels>(&image.source)) return ConvertPixels(*raw, image);
    return DecodeFile(std::get<ImageFile>(image.source).bytes, image);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        StrCat(image.name, ": not enough memory to decode the image"));
  }
}

}  // namespace nemf
