#include <array>
#include <cmath>
#include <filesystem>
#include <optional>

#include "client/eval/csv_reader.h"
#include "client/eval/dataset.h"
#include "client/eval/mat_file.h"

namespace nemf::eval {
namespace {

namespace fs = std::filesystem;

// In the order of the class numbers, which begin with 1.
constexpr std::array<const char*, 20> kClasses = {
    "aeroplane", "bicycle",     "bird",  "boat",        "bottle", "bus",      "car",
    "cat",       "chair",       "cow",   "diningtable", "dog",    "horse",    "motorbike",
    "person",    "pottedplant", "sheep", "sofa",        "train",  "tvmonitor"};

MatMatrix ReadKeypoints(const fs::path& root, const std::string& category, const fs::path& image) {
  const std::string path =
      (root / "Annotations" / category / (image.stem().string() + ".mat")).string();
  MatMatrix keypoints = ReadMatMatrix(path, "kps");
  if (keypoints.columns != 2) {
    throw DatasetError(path + ": kps has " + std::to_string(keypoints.columns) +
                       " columns, must have 2");
  }
  return keypoints;
}

client::Point PointOf(const MatMatrix& keypoints, std::size_t row) {
  return {static_cast<float>(keypoints.at(row, 0)), static_cast<float>(keypoints.at(row, 1))};
}

bool Valid(const client::Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

KeypointPair MakePair(const CsvRow& row, const fs::path& root) {
  const std::optional<double> number = ParseNumber(row.fields[2]);
  if (!number || *number < 1 || *number > kClasses.size() || *number != std::floor(*number)) {
    throw DatasetError("class = \"" + row.fields[2] + "\", must be 1 to 20");
  }
  const fs::path source = fs::path(row.fields[0]).filename();
  const fs::path target = fs::path(row.fields[1]).filename();
  KeypointPair pair;
  pair.category = kClasses[static_cast<std::size_t>(*number) - 1];
  pair.name = pair.category + "/" + target.string() + " > " + source.string();
  pair.reference_path = (root / "JPEGImages" / source).string();
  pair.query_path = (root / "JPEGImages" / target).string();
  const MatMatrix of_source = ReadKeypoints(root, pair.category, source);
  const MatMatrix of_target = ReadKeypoints(root, pair.category, target);
  if (of_source.rows != of_target.rows) {
    throw DatasetError("the images have " + std::to_string(of_source.rows) + " and " +
                       std::to_string(of_target.rows) + " keypoints, must have equally many");
  }
  for (std::size_t i = 0; i < of_source.rows; ++i) {
    const client::Point truth = PointOf(of_source, i);
    const client::Point keypoint = PointOf(of_target, i);
    if (!Valid(truth) || !Valid(keypoint)) continue;
    pair.truth.push_back(truth);
    pair.keypoints.push_back(keypoint);
  }
  if (pair.keypoints.empty()) throw DatasetError("the images have no keypoints in common");
  return pair;
}

}  // namespace

KeypointDataset ReadPfPascal(const std::string& root, const std::string& split) {
  const CsvFile file = ReadCsv((fs::path(root) / (split + "_pairs.csv")).string(), 3);
  KeypointDataset dataset{.name = "pf-pascal",
                          .box = "longer side of the reference image",
                          .pairs = {},
                          .problems = file.problems};
  for (const CsvRow& row : file.rows) {
    try {
      dataset.pairs.push_back(MakePair(row, root));
    } catch (const DatasetError& error) {
      dataset.problems.push_back(file.Where(row) + error.what());
    }
  }
  return dataset;
}

}  // namespace nemf::eval
