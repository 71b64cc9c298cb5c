#include "client/cli/keypoints_file.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "client/cli/command.h"
#include "client/cli/files.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {
namespace {

using nlohmann::json;

[[noreturn]] void Fail(const std::string& name, const std::string& what) {
  throw Failure(kFileError, name + ": " + what);
}

json Parse(const std::string& text, const std::string& name) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    Fail(name, "not JSON, at byte " + std::to_string(error.byte));
  }
}

// The value as text, short enough for a message.
std::string Shown(const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

bool IsFiniteFloat(const json& value) {
  return value.is_number() && std::abs(value.get<double>()) <= std::numeric_limits<float>::max();
}

}  // namespace

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
