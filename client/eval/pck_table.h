#ifndef NEMF_CLIENT_EVAL_PCK_TABLE_H_
#define NEMF_CLIENT_EVAL_PCK_TABLE_H_

#include <array>
#include <map>
#include <string>
#include <vector>

namespace nemf::eval {

inline constexpr std::array<double, 6> kAlphas = {0.01, 0.03, 0.05, 0.07, 0.1, 0.15};
using PckRow = std::array<double, kAlphas.size()>;  // shares in [0, 1], in the order of kAlphas

// The share of the errors that are within alpha * side, for each alpha. Errors and side in pixels;
// at least one error.
PckRow PckOf(const std::vector<double>& errors, double side);

// PCK of several pairs, averaged in both ways that the literature uses.
class PckScore {
 public:
  // The errors of one pair, pixels; at least one.
  void Add(const std::vector<double>& errors, double side);

  int pairs() const { return pairs_; }
  int keypoints() const { return keypoints_; }

  // The mean of the pairs' shares; zeros without pairs.
  PckRow PerImage() const;
  // The share of all keypoints together; zeros without pairs.
  PckRow PerKeypoint() const;

 private:
  int pairs_ = 0;
  int keypoints_ = 0;
  PckRow sum_of_shares_ = {};
  PckRow correct_ = {};
};

// The scores of a data set: of all pairs and of each class.
struct PckTable {
  PckScore all;
  std::map<std::string, PckScore> classes;

  void Add(const std::string& category, const std::vector<double>& errors, double side);

  // The mean of the classes' rows, each class with equal weight.
  PckRow ClassMean(PckRow (PckScore::*row)() const) const;
};

}  // namespace nemf::eval

#endif  // NEMF_CLIENT_EVAL_PCK_TABLE_H_
