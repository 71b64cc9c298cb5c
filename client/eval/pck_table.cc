#include "client/eval/pck_table.h"

#include <algorithm>

namespace nemf::eval {
namespace {

PckRow Divided(PckRow row, double by) {
  for (double& value : row) value = by > 0 ? value / by : 0;
  return row;
}

}  // namespace

PckRow PckOf(const std::vector<double>& errors, double side) {
  PckRow row = {};
  for (std::size_t i = 0; i < kAlphas.size(); ++i) {
    const double threshold = kAlphas[i] * side;
    row[i] = static_cast<double>(std::count_if(
        errors.begin(), errors.end(), [threshold](double error) { return error <= threshold; }));
  }
  return Divided(row, static_cast<double>(errors.size()));
}

void PckScore::Add(const std::vector<double>& errors, double side) {
  const PckRow share = PckOf(errors, side);
  ++pairs_;
  keypoints_ += static_cast<int>(errors.size());
  for (std::size_t i = 0; i < share.size(); ++i) {
    sum_of_shares_[i] += share[i];
    correct_[i] += share[i] * static_cast<double>(errors.size());
  }
}

PckRow PckScore::PerImage() const { return Divided(sum_of_shares_, pairs_); }
PckRow PckScore::PerKeypoint() const { return Divided(correct_, keypoints_); }

void PckTable::Add(const std::string& category, const std::vector<double>& errors, double side) {
  all.Add(errors, side);
  classes[category].Add(errors, side);
}

PckRow PckTable::ClassMean(PckRow (PckScore::*row)() const) const {
  PckRow sum = {};
  for (const auto& [category, score] : classes) {
    const PckRow of_class = (score.*row)();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += of_class[i];
  }
  return Divided(sum, static_cast<double>(classes.size()));
}

}  // namespace nemf::eval
