#include "server/scheduling/admission/cost_model.h"

#include <algorithm>
#include <cmath>

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

void Costs::ObserveMatch(double queries, double seconds) {
  match.Observe(queries, seconds);
  // A call is shorter than its quantum when a job ends. Only a measured size may be doubled.
  const double limit = std::max(quantum, 2 * queries);
  const bool in_time = match.Predict(limit) <= quantum_seconds;
  const double fitting =
      in_time ? limit : (quantum_seconds - match.fixed()) / std::max(match.per_item(), 1e-15);
  quantum = std::clamp(std::floor(fitting), min_quantum, std::max(min_quantum, limit));
}

double Costs::EncodeSeconds(int pairs) const {
  const int whole = pairs / encoder_batch;
  const int rest = pairs % encoder_batch;
  return whole * encode.Predict(encoder_batch) + (rest > 0 ? encode.Predict(rest) : 0);
}

double Costs::MatchSeconds(double queries) const {
  return std::ceil(queries / quantum) * match.fixed() + queries * match.per_item();
}

}  // namespace nemf
