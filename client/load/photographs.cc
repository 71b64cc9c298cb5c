#include "client/load/photographs.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "client/load/random.h"
#include "client/render/file_formats.h"

namespace nemf::load {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> kSuffixes = {".jpg", ".jpeg", ".png", ".webp",
                                                       ".bmp", ".tif",  ".tiff"};

bool IsImage(const fs::path& path) {
  std::string suffix = path.extension().string();
  for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) != kSuffixes.end();
}

client::Status Bad(const std::string& path, const std::string& what) {
  return {client::Code::kInvalidArgument, path + ": " + what};
}

client::Result<std::vector<fs::path>> ListImages(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsImage(entry->path())) paths.push_back(entry->path());
  }
  if (error) return Bad(folder, "cannot be read: " + error.message());
  if (paths.size() < 2) {
    return Bad(folder, "has " + std::to_string(paths.size()) +
                           " images (.jpg, .png, .webp, .bmp, .tif), must have at least 2");
  }
  std::sort(paths.begin(), paths.end());
  paths.resize(std::min(paths.size(), kMaxPhotographs));
  return paths;
}

client::Result<Photograph> ReadPhotograph(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Photograph photograph{path.filename().string(), {std::istreambuf_iterator<char>(file), {}}};
  if (file.bad() || !file.is_open()) return Bad(path.string(), "cannot be read");
  const client::Result<cv::Mat> image = client::DecodeImage(photograph.bytes);
  if (!image.ok()) return Bad(path.string(), image.status().message());
  photograph.width = image->cols;
  photograph.height = image->rows;
  return photograph;
}

// [height][width] BGR, each channel uniform.
cv::Mat RandomColours(int width, int height, SplitMix64* random) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < 3 * width; ++x) {
      image.ptr(y)[x] = static_cast<unsigned char>(random->Below(256));
    }
  }
  return image;
}

// Smooth areas with a finer pattern over them.
cv::Mat Scene(int width, int height, SplitMix64* random) {
  constexpr int kCell = 80;  // pixels of a patch of colour
  constexpr int kGrain = 4;  // pixels of the pattern
  const cv::Mat coarse = RandomColours(width / kCell + 2, height / kCell + 2, random);
  const cv::Mat fine = RandomColours(width / kGrain + 2, height / kGrain + 2, random);
  cv::Mat colours;
  cv::Mat pattern;
  cv::resize(coarse, colours, {width, height}, 0, 0, cv::INTER_CUBIC);
  cv::resize(fine, pattern, {width, height}, 0, 0, cv::INTER_LINEAR);
  cv::Mat scene;
  cv::addWeighted(colours, 0.85, pattern, 0.15, 0, scene);
  return scene;
}

}  // namespace

client::Result<std::vector<Photograph>> ReadPhotographs(const std::string& folder) {
  const client::Result<std::vector<fs::path>> paths = ListImages(folder);
  if (!paths.ok()) return paths.status();
  std::vector<Photograph> photographs;
  for (const fs::path& path : *paths) {
    client::Result<Photograph> photograph = ReadPhotograph(path);
    if (!photograph.ok()) return photograph.status();
    photographs.push_back(std::move(photograph).value());
  }
  return photographs;
}

std::vector<Photograph> MakePhotographs(int count, int width, int height, std::uint64_t seed) {
  std::vector<Photograph> photographs;
  for (int i = 0; i < count; ++i) {
    SplitMix64 random = SplitMix64::ForItem(seed, static_cast<std::uint64_t>(i));
    std::vector<unsigned char> jpeg;
    cv::imencode(".jpg", Scene(width, height, &random), jpeg, {cv::IMWRITE_JPEG_QUALITY, 90});
    photographs.push_back(
        {"built-in " + std::to_string(i), std::string(jpeg.begin(), jpeg.end()), width, height});
  }
  return photographs;
}

}  // namespace nemf::load
