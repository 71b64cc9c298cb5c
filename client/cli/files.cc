#include "client/cli/files.h"

#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "client/cli/command.h"
#include "client/render/file_formats.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {
namespace {

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  throw Failure(kFileError, path + ": " + what);
}

using nlohmann::json;

json Parse(const std::string& text, const std::string& name) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    Fail(name, "not JSON, at byte " + std::to_string(error.byte));
  }
}

// Returns the value as JSON, cut to 60 characters.
std::string Shown(const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

bool IsFiniteFloat(const json& value) {
  return value.is_number() && std::abs(value.get<double>()) <= std::numeric_limits<float>::max();
}

}  // namespace

std::string ReadFile(const std::string& path) {
  if (std::filesystem::is_directory(path)) Fail(path, "cannot be read: it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail(path, std::string("cannot be read: ") + std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) Fail(path, std::string("cannot be read: ") + std::strerror(errno));
  return bytes;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) Fail(path, std::string("cannot be written: ") + std::strerror(errno));
}

void CheckOutput(const std::string& path) {
  if (path.empty()) return;
  if (std::filesystem::is_directory(path)) Fail(path, "cannot be written: it is a folder");
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder)) {
    Fail(path, "cannot be written: the folder " + folder.string() + " does not exist");
  }
}

cv::Mat Decode(const std::string& bytes, const std::string& path) {
  client::Result<cv::Mat> image = client::DecodeImage(bytes);
  if (!image.ok()) throw Failure(kFileError, path + ": " + image.status().message());
  return std::move(image).value();
}

void WritePng(const std::string& path, const cv::Mat& picture) {
  const client::Result<std::string> png = client::EncodePng(picture);
  if (!png.ok()) throw Failure(kFileError, path + ": " + png.status().message());
  WriteFile(path, *png);
}

std::vector<client::Point> ParseKeypoints(const std::string& text, const std::string& name) {
  const json root = Parse(text, name);
  if (!root.is_object() || !root.contains("points") || !root["points"].is_array()) {
    Fail(name, "must be {\"points\": [[x, y], ...]}");
  }
  const json& points = root["points"];
  if (points.empty()) Fail(name, "points is empty, must have at least one point");
  std::vector<client::Point> result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const json& point = points[i];
    if (!point.is_array() || point.size() != 2 || !IsFiniteFloat(point[0]) ||
        !IsFiniteFloat(point[1])) {
      Fail(name, "points[" + std::to_string(i) + "] = " + Shown(point) +
                     ", must be two finite numbers [x, y]");
    }
    result.push_back({point[0].get<float>(), point[1].get<float>()});
  }
  return result;
}

std::vector<client::Point> ReadKeypoints(const std::string& path) {
  return ParseKeypoints(ReadFile(path), path);
}

}  // namespace nemf::cli
