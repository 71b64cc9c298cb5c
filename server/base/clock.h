#ifndef NEMF_SERVER_BASE_CLOCK_H_
#define NEMF_SERVER_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace nemf {

// A source of the time. Tests use a fake one.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;

  // Returns the machine's clock, which is never destroyed.
  static Clock* System();
};

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_CLOCK_H_
