#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>

#include "client/eval/csv_reader.h"
#include "client/eval/dataset.h"

namespace nemf::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeypoints = 10;
constexpr std::size_t kColumns = 2 + 4 * kKeypoints;

// Paths in the file begin with the name of the data set's own folder.
std::string ImagePath(const fs::path& folder, const std::string& path) {
  constexpr char kPrefix[] = "PF-WILLOW/";
  return (folder / (path.starts_with(kPrefix) ? path.substr(sizeof(kPrefix) - 1) : path)).string();
}

// Missing keypoints are -1 (or not a number) in both coordinates.
bool Valid(double x, double y) { return x >= 0 && y >= 0; }

// The longer side of the extent of the valid keypoints.
double Extent(const std::vector<client::Point>& points) {
  constexpr float kMax = std::numeric_limits<float>::max();
  client::Point low{kMax, kMax};
  client::Point high{-kMax, -kMax};
  for (const client::Point& p : points) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  return std::max(high.x - low.x, high.y - low.y);
}

// The number of each of the four blocks of columns, XA, YA, XB and YB; or the column that has none.
struct Columns {
  std::vector<double> numbers;
  std::optional<std::size_t> bad;

  client::Point At(std::size_t block, std::size_t i) const {
    return {static_cast<float>(numbers[block * kKeypoints + i]),
            static_cast<float>(numbers[(block + 1) * kKeypoints + i])};
  }
};

Columns ParseColumns(const CsvRow& row) {
  Columns columns;
  for (std::size_t i = 2; i < kColumns; ++i) {
    const std::optional<double> number = ParseNumber(row.fields[i]);
    if (!number) {
      columns.bad = i;
      return columns;
    }
    columns.numbers.push_back(*number);
  }
  return columns;
}

void AddPair(const CsvFile& file, const CsvRow& row, const fs::path& folder,
             KeypointDataset* dataset) {
  const Columns columns = ParseColumns(row);
  if (columns.bad) {
    dataset->problems.push_back(file.Where(row) + file.header[*columns.bad] + " = \"" +
                                row.fields[*columns.bad] + "\", must be a number");
    return;
  }
  KeypointPair pair;
  std::vector<client::Point> all_of_reference;
  for (std::size_t i = 0; i < kKeypoints; ++i) {
    const client::Point source = columns.At(0, i);
    const client::Point target = columns.At(2, i);
    if (!Valid(source.x, source.y)) continue;
    all_of_reference.push_back(source);
    if (!Valid(target.x, target.y)) continue;
    pair.keypoints.push_back(target);
    pair.truth.push_back(source);
  }
  pair.box_side = all_of_reference.empty() ? 0 : Extent(all_of_reference);
  if (pair.keypoints.empty() || pair.box_side <= 0) {
    dataset->problems.push_back(file.Where(row) +
                                "has no keypoints in common, or no extent of imageA's keypoints");
    return;
  }
  const std::string& source = row.fields[0];
  const std::string& target = row.fields[1];
  pair.name = target + " > " + source;
  pair.category = fs::path(source).parent_path().filename().string();
  pair.reference_path = ImagePath(folder, source);
  pair.query_path = ImagePath(folder, target);
  dataset->pairs.push_back(std::move(pair));
}

}  // namespace

KeypointDataset ReadPfWillow(const std::string& root) {
  constexpr char kPairs[] = "test_pairs.csv";
  fs::path folder = root;
  if (!fs::exists(folder / kPairs) && fs::exists(folder / "PF-WILLOW" / kPairs)) {
    folder /= "PF-WILLOW";
  }
  const CsvFile file = ReadCsv((folder / kPairs).string(), kColumns);
  KeypointDataset dataset{.name = "pf-willow",
                          .box = "extent of the reference's valid keypoints",
                          .pairs = {},
                          .problems = file.problems};
  for (const CsvRow& row : file.rows) AddPair(file, row, folder, &dataset);
  return dataset;
}

}  // namespace nemf::eval
