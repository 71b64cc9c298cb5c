#include "client/eval/tss.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "client/eval/csv_reader.h"
#include "client/eval/dataset.h"

namespace nemf::eval {
namespace {

namespace fs = std::filesystem;

constexpr double kScaledSide = 100;  // pixels
constexpr double kThreshold = 5;     // pixels of the scaled image
constexpr float kUnknown = 1e9f;

bool Known(const client::Displacement& d) {
  return std::abs(d.dx) < kUnknown && std::abs(d.dy) < kUnknown;  // false for NaN
}

std::vector<fs::path> SubFolders(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// The content of flip_gt.txt: 0 or 1.
bool Mirrored(const fs::path& folder) {
  const std::string path = (folder / "flip_gt.txt").string();
  const std::vector<TextLine> lines = ReadLines(path);
  const std::string text = lines.empty() ? "" : lines.front().text;
  const std::size_t digit = text.find_first_not_of(" \t");
  if (lines.size() != 1 || digit == std::string::npos ||
      (text[digit] != '0' && text[digit] != '1') ||
      text.find_first_not_of(" \t", digit + 1) != std::string::npos) {
    throw DatasetError(path + ":1: \"" + text + "\", must be 0 or 1");
  }
  return text[digit] == '1';
}

void AddBothWays(const fs::path& folder, FlowDataset* dataset) {
  const std::string group = folder.parent_path().filename().string();
  const bool mirrored = Mirrored(folder);
  const auto file = [&folder](const char* stem, int number, const char* extension) {
    return (folder / (stem + std::to_string(number) + extension)).string();
  };
  for (const int query : {1, 2}) {
    const int reference = 3 - query;
    dataset->pairs.push_back({.name = group + "/" + folder.filename().string() + " " +
                                      std::to_string(query) + " > " + std::to_string(reference),
                              .category = group,
                              .query_path = file("image", query, ".png"),
                              .reference_path = file("image", reference, ".png"),
                              .flow_path = file("flow", query, ".flo"),
                              .mask_path = file("mask", query, ".png"),
                              .mirrored = mirrored});
  }
}

}  // namespace

FlowDataset ReadTss(const std::string& root) {
  if (!fs::is_directory(root)) throw DatasetError(root + ": is not a folder");
  FlowDataset dataset;
  for (const fs::path& group : SubFolders(root)) {
    for (const fs::path& folder : SubFolders(group)) {
      if (!fs::exists(folder / "flow1.flo")) continue;
      try {
        AddBothWays(folder, &dataset);
      } catch (const DatasetError& error) {
        dataset.problems.push_back(error.what());
      }
    }
  }
  if (dataset.pairs.empty() && dataset.problems.empty()) {
    throw DatasetError(root + ": has no folder GROUP/PAIR with a flow1.flo");
  }
  return dataset;
}

TssScore ScoreFlow(const client::FlowField& flow, const client::FlowField& truth,
                   const cv::Mat& mask) {
  CV_Assert(flow.width == truth.width && flow.height == truth.height && mask.type() == CV_8UC1 &&
            mask.cols == truth.width && mask.rows == truth.height);
  const double scale = kScaledSide / std::max(truth.width, truth.height);
  TssScore score;
  double sum = 0;
  for (int y = 0; y < truth.height; ++y) {
    for (int x = 0; x < truth.width; ++x) {
      const client::Displacement& expected = truth.at(x, y);
      if (mask.at<unsigned char>(y, x) == 0 || !Known(expected)) continue;
      const client::Displacement& found = flow.at(x, y);
      const double error = scale * std::hypot(found.dx - expected.dx, found.dy - expected.dy);
      ++score.pixels;
      score.correct += error <= kThreshold;
      sum += error;
    }
  }
  if (score.pixels > 0) score.error = sum / score.pixels;
  return score;
}

}  // namespace nemf::eval
