#ifndef NEMF_CLIENT_LOAD_ARRIVALS_H_
#define NEMF_CLIENT_LOAD_ARRIVALS_H_

#include <cmath>
#include <cstdint>

#include "client/load/random.h"

namespace nemf::load {

// The times at which requests arrive where many clients know nothing of each other: a Poisson
// process, whose gaps are exponential with mean 1 / rate. Not safe for threads.
class PoissonArrivals {
 public:
  // `rate` per second, > 0. Equal seeds give equal times.
  PoissonArrivals(double rate, std::uint64_t seed) : rate_(rate), random_(seed) {}

  // The next time, in seconds from the start.
  double Next() { return now_ += -std::log1p(-random_.Uniform()) / rate_; }

 private:
  const double rate_;
  SplitMix64 random_;
  double now_ = 0;
};

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_ARRIVALS_H_
