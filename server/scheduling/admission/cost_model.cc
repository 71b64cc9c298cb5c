#include "server/scheduling/admission/cost_model.h"

#include <algorithm>

namespace nemf {

void CostModel::Observe(double n, double seconds) {
  const double expected = Predict(n);
  if (observations_ == kTrusted && expected > 0) {
    seconds = std::min(seconds, kMostSurprise * expected);
  }
  observations_ = std::min(observations_ + 1, kTrusted);
  sum_ = kMemory * sum_ + 1;
  sum_n_ = kMemory * sum_n_ + n;
  sum_nn_ = kMemory * sum_nn_ + n * n;
  sum_t_ = kMemory * sum_t_ + seconds;
  sum_nt_ = kMemory * sum_nt_ + n * seconds;
  Solve();
}

void CostModel::Solve() {
  // Cauchy and Schwarz: sum * sum_nn >= sum_n^2, so the penalty keeps this above 0.
  const double penalised = sum_ * (1 + kFixedCostPenalty);
  const double determinant = penalised * sum_nn_ - sum_n_ * sum_n_;
  fixed_ = (sum_nn_ * sum_t_ - sum_n_ * sum_nt_) / determinant;
  per_item_ = (penalised * sum_nt_ - sum_n_ * sum_t_) / determinant;
  if (fixed_ < 0) {
    fixed_ = 0;
    per_item_ = sum_nt_ / sum_nn_;
  } else if (per_item_ < 0) {
    fixed_ = sum_t_ / penalised;
    per_item_ = 0;
  }
}

}  // namespace nemf
