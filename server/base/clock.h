#ifndef NEMF_SERVER_BASE_CLOCK_H_
#define NEMF_SERVER_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace nemf {

// The time, injected so that tests own it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;

  // The machine's clock; lives for ever.
  static Clock* System();
};

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_CLOCK_H_
