#ifndef NEMF_CLIENT_LOAD_RANDOM_H_
#define NEMF_CLIENT_LOAD_RANDOM_H_

#include <cmath>
#include <cstdint>

namespace nemf::load {

// A pseudorandom generator with the same numbers on every platform: SplitMix64 (Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  // Returns the generator of one item of a sequence. It is independent of the other items.
  static SplitMix64 ForItem(std::uint64_t seed, std::uint64_t item) {
    return SplitMix64(SplitMix64(seed).Next() ^ SplitMix64(~item).Next());
  }

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // Returns a number in [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // Returns an integer in [0, n), n >= 1. The bias is below n / 2^64.
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }

 private:
  std::uint64_t state_;
};

// Arrival times of a Poisson process: independent exponential gaps with mean 1 / rate. Not
// thread-safe.
class PoissonArrivals {
 public:
  // `rate` per second, > 0. Equal seeds give equal times.
  PoissonArrivals(double rate, std::uint64_t seed) : rate_(rate), random_(seed) {}

  // Returns the next arrival time, seconds from the start.
  double Next() { return now_ += -std::log1p(-random_.Uniform()) / rate_; }

 private:
  const double rate_;
  SplitMix64 random_;
  double now_ = 0;
};

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_RANDOM_H_
