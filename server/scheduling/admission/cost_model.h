#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_COST_MODEL_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_COST_MODEL_H_

namespace nemf {

// The cost of a stage's work of size n, learnt while the work is done: seconds(n) = a + b * n, with
// a, b >= 0. n is pairs for an encoder batch and field evaluations for a quantum of matching.
//
// Fitted by exponentially weighted least squares: with the weights w_i = kMemory^(age of i), age in
// observations, it minimises
//
//   sum_i w_i (t_i - a - b n_i)^2  +  kFixedCostPenalty * a^2 * sum_i w_i
//
// whose solution needs five running sums. The penalty decides when the observations cannot: if all
// n are nearly equal, a goes to 0 and the cost is proportional. A solution with a negative part is
// replaced by the best one that has this part 0.
//
// Robust against a single batch that was delayed: after kTrusted observations, one counts for at
// most kMostSurprise times its prediction. A lasting change is still followed, within some dozens
// of observations; a lasting speed-up sooner, because it is not bounded.
//
// Not thread-safe.
class CostModel {
 public:
  static constexpr double kMemory = 0.95;
  static constexpr double kFixedCostPenalty = 0.01;
  static constexpr int kTrusted = 8;
  static constexpr double kMostSurprise = 3;

  // Requires n > 0 and seconds >= 0.
  void Observe(double n, double seconds);

  // Returns seconds; 0 before the first observation.
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

// The costs of one engine, and the size of a quantum that follows from them: as many field
// evaluations as matching does in `quantum_seconds`, but at least `min_quantum`. The first quantum
// has `min_quantum`. A quantum is at most twice as large as the largest one that was measured
// before, so a wrong extrapolation from small work cannot make a long one.
//
// Example: quanta of 20 ms, at least 8192 evaluations; the engine does 2 million evaluations a
// second. The quanta are 8192, 16,384 (4.1 ms was measured; 40,000 would fit), 32,768, 40,000,
// 40,000, ... On an engine of 100,000 evaluations a second they stay at 8192, which take 82 ms.
//
// Not thread-safe.
struct Costs {
  CostModel encode;       // seconds of an encoder batch of n pairs
  CostModel match;        // seconds of n field evaluations
  int encoder_batch = 1;  // most pairs of an encoder batch
  double quantum_seconds = 0.02;
  double min_quantum = 1;  // field evaluations
  double quantum = 1;      // field evaluations of the next quantum

  // One call of the engine. Updates `match` and `quantum`.
  void ObserveMatch(double queries, double seconds);

  double EncodeSeconds(int pairs) const;      // in full batches
  double MatchSeconds(double queries) const;  // in full quanta
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_COST_MODEL_H_
