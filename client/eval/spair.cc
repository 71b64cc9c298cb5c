#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "client/eval/csv_reader.h"
#include "client/eval/dataset.h"

namespace nemf::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// "WHAT = VALUE, RULE", cut where the value is long.
DatasetError Broken(const std::string& what, const json& value, const std::string& rule) {
  std::string text = value.dump();
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return DatasetError(what + " = " + text + ", must be " + rule);
}

const json& Member(const json& root, const std::string& key) {
  const auto found = root.find(key);
  if (found == root.end()) throw DatasetError("\"" + key + "\" is missing");
  return *found;
}

std::string Text(const json& root, const std::string& key) {
  const json& value = Member(root, key);
  if (!value.is_string()) throw Broken(key, value, "a string");
  return value.get<std::string>();
}

std::vector<client::Point> Points(const json& root, const std::string& key) {
  const json& list = Member(root, key);
  if (!list.is_array()) throw Broken(key, list, "a list of points");
  std::vector<client::Point> points;
  for (const json& item : list) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_number() || !item[1].is_number()) {
      throw Broken(key + "[" + std::to_string(points.size()) + "]", item, "[x, y]");
    }
    points.push_back({item[0].get<float>(), item[1].get<float>()});
  }
  return points;
}

// The longer side of [x1, y1, x2, y2].
double BoxSide(const json& root, const std::string& key) {
  const json& box = Member(root, key);
  const bool four =
      box.is_array() && box.size() == 4 &&
      std::all_of(box.begin(), box.end(), [](const json& v) { return v.is_number(); });
  const double side = four ? std::max(box[2].get<double>() - box[0].get<double>(),
                                      box[3].get<double>() - box[1].get<double>())
                           : 0;
  if (side <= 0) throw Broken(key, box, "[x1, y1, x2, y2] with a positive side");
  return side;
}

// The annotation of the pair; colons are not allowed in the names of every file system.
std::string AnnotationPath(const fs::path& folder, std::string pair) {
  const std::string path = (folder / (pair + ".json")).string();
  if (fs::exists(path)) return path;
  std::replace(pair.begin(), pair.end(), ':', '_');
  const std::string other = (folder / (pair + ".json")).string();
  return fs::exists(other) ? other : path;
}

KeypointPair ParsePair(const std::string& content, const std::string& name, const fs::path& root) {
  const json annotation = json::parse(content, nullptr, /*allow_exceptions=*/false);
  if (!annotation.is_object()) throw DatasetError("is not a JSON object");
  KeypointPair pair;
  pair.name = name;
  pair.category = Text(annotation, "category");
  const fs::path images = root / "JPEGImages" / pair.category;
  pair.reference_path = (images / Text(annotation, "src_imname")).string();
  pair.query_path = (images / Text(annotation, "trg_imname")).string();
  pair.truth = Points(annotation, "src_kps");
  pair.keypoints = Points(annotation, "trg_kps");
  if (pair.truth.empty() || pair.truth.size() != pair.keypoints.size()) {
    throw DatasetError("has " + std::to_string(pair.truth.size()) + " src_kps and " +
                       std::to_string(pair.keypoints.size()) +
                       " trg_kps, must have equally many and at least one");
  }
  pair.box_side = BoxSide(annotation, "src_bndbox");
  return pair;
}

}  // namespace

KeypointDataset ReadSpair(const std::string& root, const std::string& split) {
  const fs::path folder = root;
  const fs::path annotations = folder / "PairAnnotation" / split;
  const std::string list = (folder / "Layout" / "large" / (split + ".txt")).string();
  KeypointDataset dataset{.name = "spair",
                          .box = "annotated box of the reference's object",
                          .pairs = {},
                          .problems = {}};
  for (const TextLine& line : ReadLines(list)) {
    const std::string where = list + ":" + std::to_string(line.number) + ": ";
    const std::string path = AnnotationPath(annotations, line.text);
    std::string content;
    try {
      content = ReadContent(path);
    } catch (const DatasetError& error) {
      dataset.problems.push_back(where + error.what());
      continue;
    }
    try {
      dataset.pairs.push_back(ParsePair(content, line.text, folder));
    } catch (const DatasetError& error) {
      dataset.problems.push_back(where + path + ": " + error.what());
    }
  }
  return dataset;
}

}  // namespace nemf::eval
