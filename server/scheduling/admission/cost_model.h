#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_COST_MODEL_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_COST_MODEL_H_

namespace nemf {

// What a stage's work of size n costs: seconds(n) = a + b * n, with a, b >= 0, learnt as the work
// is done. n is pairs for an encoder pass and field queries for a chunk of matching.
//
// Fitted by exponentially weighted least squares: with the weights w_i = kMemory^(age of i), age in
// observations, it minimises
//
//   sum_i w_i (t_i - a - b n_i)^2  +  kFixedCostPenalty * a^2 * sum_i w_i
//
// whose solution needs five running sums. The penalty decides where the observations cannot: where
// all n are nearly equal, a goes to 0 and the cost is taken as proportional. A solution with a
// negative part is replaced by the best one that has this part 0.
//
// It is robust against a pass that was held up once: after kTrusted observations, one counts for at
// most kMostSurprise times its prediction. A lasting change is still followed, within some dozens
// of observations; a lasting speed-up sooner, for it is not bounded.
//
// Not safe for threads.
class CostModel {
 public:
  static constexpr double kMemory = 0.95;
  static constexpr double kFixedCostPenalty = 0.01;
  static constexpr int kTrusted = 8;
  static constexpr double kMostSurprise = 3;

  // Requires n > 0 and seconds >= 0.
  void Observe(double n, double seconds);

  // Seconds; 0 before the first observation.
  double Predict(double n) const { return fixed_ + per_item_ * n; }

  double fixed() const { return fixed_; }        // a, seconds
  double per_item() const { return per_item_; }  // b, seconds

 private:
  void Solve();

  int observations_ = 0;  // up to kTrusted
  // Weighted sums of 1, n, n^2, t and n t.
  double sum_ = 0;
  double sum_n_ = 0;
  double sum_nn_ = 0;
  double sum_t_ = 0;
  double sum_nt_ = 0;
  double fixed_ = 0;
  double per_item_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_COST_MODEL_H_
