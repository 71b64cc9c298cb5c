#include "server/service/images/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "server/service/images/image_header.h"
#include "tests/service/test_images.h"

namespace nemf {
namespace {

using testing::Encode;
using testing::Gradient;
using ::testing::HasSubstr;
using testing::Patched;
using ::testing::StartsWith;

absl::StatusOr<Image> Decode(const ImageSource& source, const ImageLimits& limits = {}) {
  const absl::StatusOr<CheckedImage> checked = CheckImage(source, limits, "query");
  if (!checked.ok()) return checked.status();
  return DecodeImage(*checked);
}
absl::StatusOr<Image> Decode(const std::string& file, const ImageLimits& limits = {}) {
  return Decode(ImageFile{file}, limits);
}

std::string ErrorOf(const absl::StatusOr<Image>& image) {
  EXPECT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(image.status().message());
}

// The largest difference between the decoded RGB image and a BGR one.
int MaxDifference(const Image& image, const cv::Mat& bgr) {
  int most = 0;
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      for (int c = 0; c < 3; ++c) {
        const int ours = image.rgb[(std::size_t{3} * y * bgr.cols) + (3 * x) + c];
        most = std::max(most, std::abs(ours - bgr.at<cv::Vec3b>(y, x)[2 - c]));
      }
    }
  }
  return most;
}

struct FormatCase {
  const char* extension;
  std::vector<int> parameters;
  ImageFormat format;
  int tolerance;  // grey levels
};

void PrintTo(const FormatCase& format, std::ostream* out) { *out << format.extension; }

class ImageFormatTest : public ::testing::TestWithParam<FormatCase> {
 protected:
  std::string File(int width = 61, int height = 47) const {
    return Encode(Gradient(width, height), GetParam().extension, GetParam().parameters);
  }
};

TEST_P(ImageFormatTest, DecodesToRgb) {
  const absl::StatusOr<Image> image = Decode(File());
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->size.width, 61);
  EXPECT_EQ(image->size.height, 47);
  EXPECT_LE(MaxDifference(*image, Gradient(61, 47)), GetParam().tolerance);
}

TEST_P(ImageFormatTest, DecodesOnePixel) {
  const absl::StatusOr<Image> image = Decode(File(1, 1));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->rgb.size(), 3);
}

TEST_P(ImageFormatTest, ReadsTheHeader) {
  const std::string file = File();
  ASSERT_EQ(DetectImageFormat(file), GetParam().format);
  const absl::StatusOr<ImageHeader> header = ReadImageHeader(GetParam().format, file);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->width, 61);
  EXPECT_EQ(header->height, 47);
  EXPECT_TRUE(header->complete);
}

// Every cut is refused, from the empty file to the last byte missing.
TEST_P(ImageFormatTest, RefusesEveryTruncation) {
  const std::string file = File();
  for (std::size_t length = 0; length < file.size(); ++length) {
    const std::string error = ErrorOf(Decode(file.substr(0, length)));
    EXPECT_THAT(error, StartsWith(absl::StrCat("query.encoded = ", length, " bytes")))
        << "cut at " << length << " of " << file.size();
  }
}

// Random damage must be refused or decoded to an image of a legal size, and never crash.
TEST_P(ImageFormatTest, SurvivesDamage) {
  const std::string file = File();
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    std::string damaged = file;
    for (int i = 0; i < 4; ++i) {
      const std::size_t range = i < 3 ? std::min<std::size_t>(file.size(), 128) : file.size();
      damaged[random() % range] = static_cast<char>(random());
    }
    ImageLimits limits;
    limits.max_image_pixels = 1 << 20;
    const absl::StatusOr<Image> image = Decode(damaged, limits);
    if (!image.ok()) continue;
    EXPECT_LE(image->rgb.size(), 3 << 20) << "seed " << seed;
    EXPECT_EQ(image->rgb.size(), std::size_t{3} * image->size.width * image->size.height);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, ImageFormatTest,
    ::testing::Values(FormatCase{".jpg", {cv::IMWRITE_JPEG_QUALITY, 98}, ImageFormat::kJpeg, 16},
                      FormatCase{".jpg",
                                 {cv::IMWRITE_JPEG_PROGRESSIVE, 1, cv::IMWRITE_JPEG_QUALITY, 98},
                                 ImageFormat::kJpeg,
                                 16},
                      FormatCase{".png", {}, ImageFormat::kPng, 0},
                      FormatCase{".webp", {cv::IMWRITE_WEBP_QUALITY, 95}, ImageFormat::kWebp, 16},
                      FormatCase{".webp", {cv::IMWRITE_WEBP_QUALITY, 101}, ImageFormat::kWebp, 0},
                      FormatCase{".bmp", {}, ImageFormat::kBmp, 0},
                      FormatCase{".tiff", {}, ImageFormat::kTiff, 0}));

std::string BigEndian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

std::string LittleEndian(std::uint32_t value) {
  const std::string text = BigEndian(value, 4);
  return std::string(text.rbegin(), text.rend());
}

TEST(ImageDecoderTest, RefusesHugePngByItsHeader) {
  const std::string side = BigEndian(100'000, 4);
  const std::string file = Patched(Encode(Gradient(8, 8), ".png"), 16, side + side);
  EXPECT_EQ(ErrorOf(Decode(file)), "query.encoded width = 100000, must be <= 32768");
  // The size is read even if the rest of the file is missing.
  EXPECT_EQ(ErrorOf(Decode(file.substr(0, 40))), "query.encoded width = 100000, must be <= 32768");
}

TEST(ImageDecoderTest, RefusesHugeBmpByItsHeader) {
  const std::string side = LittleEndian(100'000);
  const std::string file = Patched(Encode(Gradient(8, 8), ".bmp"), 18, side + side);
  EXPECT_EQ(ErrorOf(Decode(file)), "query.encoded width = 100000, must be <= 32768");
}

TEST(ImageDecoderTest, RefusesHugeJpegByItsHeader) {
  std::string file = Encode(Gradient(8, 8), ".jpg");
  const std::size_t frame = file.find("\xFF\xC0");
  file = Patched(file, frame + 5, BigEndian(60'000, 2) + BigEndian(20'000, 2));
  EXPECT_EQ(ErrorOf(Decode(file)), "query.encoded height = 60000, must be <= 32768");
}

TEST(ImageDecoderTest, RefusesTooManyPixels) {
  ImageLimits limits;
  limits.max_image_pixels = 1000;
  EXPECT_TRUE(Decode(Encode(Gradient(40, 25), ".webp"), limits).ok());
  EXPECT_EQ(ErrorOf(Decode(Encode(Gradient(41, 25), ".webp"), limits)),
            "query.encoded width * height = 41 * 25 pixels, must be <= 1000");
  EXPECT_EQ(ErrorOf(Decode(Encode(Gradient(41, 25), ".tiff"), limits)),
            "query.encoded width * height = 41 * 25 pixels, must be <= 1000");
}

TEST(ImageDecoderTest, RefusesTooManyBytes) {
  ImageLimits limits;
  limits.max_image_bytes = 100;
  EXPECT_EQ(ErrorOf(Decode(std::string(101, 'x'), limits)),
            "query.encoded = 101 bytes, must be <= 100");
}

TEST(ImageDecoderTest, RefusesEverythingElse) {
  for (const std::string& file :
       {std::string(), std::string("hello, world"), std::string("GIF89a\0"),
        std::string("#?RADIANCE\n"), std::string("\x76\x2f\x31\x01", 4),
        std::string("P6\n1 1\n255\nabc"), std::string(1000, '\0')}) {
    EXPECT_THAT(ErrorOf(Decode(file)), HasSubstr("must be a JPEG, PNG, WebP, BMP or TIFF file"));
  }
  EXPECT_EQ(ErrorOf(Decode("hello, world")),
            "query.encoded = 12 bytes that start with \"hello, w\", must be a JPEG, PNG, WebP, BMP "
            "or TIFF file");
}

TEST(ImageDecoderTest, RefusesMagicNumbersWithoutAnImage) {
  for (const std::string& magic :
       {std::string("\xFF\xD8\xFF"), std::string("\x89PNG\r\n\x1A\n"), std::string("BM"),
        std::string("RIFF\x04\0\0\0WEBP", 12), std::string("II*\0", 4), std::string("MM\0*", 4)}) {
    for (const char fill : {'\0', '\xFF', 'x'}) {
      EXPECT_FALSE(Decode(magic + std::string(500, fill)).ok());
    }
  }
}

TEST(ImageDecoderTest, ReadsTiffOfEitherByteOrder) {
  // One grey pixel, by hand: OpenCV writes this machine's order only.
  const auto entry = [](int tag, int type, std::uint32_t value) {
    const std::string bytes =
        type == 3 ? BigEndian(value, 2) + BigEndian(0, 2) : BigEndian(value, 4);
    return BigEndian(tag, 2) + BigEndian(type, 2) + BigEndian(1, 4) + bytes;
  };
  std::string file = std::string("MM\0*", 4) + BigEndian(8, 4) + BigEndian(8, 2);
  file += entry(256, 3, 1) + entry(257, 3, 1) + entry(258, 3, 8) + entry(259, 3, 1);
  file += entry(262, 3, 1) + entry(273, 4, 200) + entry(278, 3, 1) + entry(279, 4, 1);
  file.resize(201, '\x7F');
  const absl::StatusOr<Image> image = Decode(file);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->rgb, std::vector<std::uint8_t>(3, 0x7F));
  EXPECT_FALSE(Decode(file.substr(0, 200)).ok());
}

TEST(ImageDecoderTest, AppliesExifOrientation) {
  const std::string plain = Encode(Gradient(40, 20), ".jpg");
  // APP1 with one entry: orientation 6, "turn clockwise by a quarter to show".
  const std::string tiff = std::string("MM\0*", 4) + BigEndian(8, 4) + BigEndian(1, 2) +
                           BigEndian(0x0112, 2) + BigEndian(3, 2) + BigEndian(1, 4) +
                           BigEndian(6, 2) + BigEndian(0, 2) + BigEndian(0, 4);
  const std::string exif = std::string("Exif\0\0", 6) + tiff;
  const std::string app1 =
      "\xFF\xE1" + BigEndian(static_cast<std::uint32_t>(exif.size()) + 2, 2) + exif;
  const absl::StatusOr<Image> image = Decode(plain.substr(0, 2) + app1 + plain.substr(2));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->size.width, 20);
  EXPECT_EQ(image->size.height, 40);
}

TEST(ImageDecoderTest, ChecksTheHeaderAlone) {
  // Good up to its end, so only its decoding can fail.
  std::string file = Encode(Gradient(40, 20), ".png");
  file[file.find("IDAT") + 8] ^= 0x55;
  const auto checked = CheckImage(ImageFile{file}, {}, "query");
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->size.width, 40);
  EXPECT_EQ(checked->size.height, 20);
  EXPECT_EQ(checked->format, ImageFormat::kPng);
  EXPECT_THAT(std::string(DecodeImage(*checked).status().message()),
              HasSubstr("is a PNG file that cannot be decoded"));
}

TEST(ImageDecoderTest, RefusesAnImageWithoutSource) {
  EXPECT_EQ(CheckImage(std::monostate(), {}, "reference").status().message(),
            "reference = nothing, must be an encoded or a raw image");
}

constexpr PixelFormat kRgb = PixelFormat::kRgb8;
constexpr PixelFormat kBgr = PixelFormat::kBgr8;
constexpr PixelFormat kGrey = PixelFormat::kGray8;

// Views `data`, which outlives the result.
RawPixels Raw(PixelFormat format, std::uint32_t width, std::uint32_t height, std::uint32_t stride,
              absl::string_view data) {
  return {.bytes = data, .width = width, .height = height, .stride = stride, .format = format};
}

std::string Pixels(const RawPixels& raw) {
  const absl::StatusOr<Image> image = Decode(raw);
  EXPECT_TRUE(image.ok()) << image.status();
  return image.ok() ? std::string(image->rgb.begin(), image->rgb.end()) : "";
}

TEST(RawImageTest, ConvertsEachFormat) {
  EXPECT_EQ(Pixels(Raw(kRgb, 2, 1, 0, "abcdef")), "abcdef");
  EXPECT_EQ(Pixels(Raw(kBgr, 2, 1, 0, "cbafed")), "abcdef");
  EXPECT_EQ(Pixels(Raw(kGrey, 2, 1, 0, "ab")), "aaabbb");
}

TEST(RawImageTest, SkipsThePaddingOfRows) {
  // The last row needs no padding.
  EXPECT_EQ(Pixels(Raw(kRgb, 1, 2, 5, "abc__def")), "abcdef");
  EXPECT_EQ(Pixels(Raw(kBgr, 1, 2, 5, "cba__fed__")), "abcdef");
  EXPECT_EQ(Pixels(Raw(kGrey, 1, 3, 2, "a_b_c")), "aaabbbccc");
}

TEST(RawImageTest, NamesTheBrokenRule) {
  const auto error = [](const RawPixels& raw) { return ErrorOf(Decode(raw)); };
  EXPECT_EQ(error(Raw(PixelFormat{0}, 1, 1, 0, "a")),
            "query.raw.format = 0, must be RGB8, BGR8 or GRAY8");
  EXPECT_EQ(error(Raw(PixelFormat{77}, 1, 1, 0, "a")),
            "query.raw.format = 77, must be RGB8, BGR8 or GRAY8");
  EXPECT_EQ(error(Raw(kGrey, 0, 1, 0, "")), "query.raw.width = 0, must be >= 1");
  EXPECT_EQ(error(Raw(kGrey, 1, 0, 0, "")), "query.raw.height = 0, must be >= 1");
  EXPECT_EQ(error(Raw(kGrey, 1, 40'000, 0, "")), "query.raw.height = 40000, must be <= 32768");
  EXPECT_EQ(error(Raw(kGrey, 10'000, 10'000, 0, "")),
            "query.raw.width * height = 10000 * 10000 pixels, must be <= 64000000");
  EXPECT_EQ(error(Raw(kRgb, 3, 2, 8, std::string(100, 'a'))),
            "query.raw.stride = 8, must be 0 or >= 9 (width * bytes per pixel)");
  EXPECT_EQ(error(Raw(kRgb, 3, 2, 0, std::string(17, 'a'))),
            "query.raw.data = 17 bytes, must be >= 18 (stride * (height - 1) + width * bytes per "
            "pixel)");
  EXPECT_EQ(error(Raw(kGrey, 1, 3, 0xFFFFFFFF, "aaa")),
            "query.raw.data = 3 bytes, must be >= 8589934591 (stride * (height - 1) + width * "
            "bytes per pixel)");
}

}  // namespace
}  // namespace nemf
