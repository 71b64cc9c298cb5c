#ifndef NEMF_CLIENT_CLI_STOPWATCH_H_
#define NEMF_CLIENT_CLI_STOPWATCH_H_

#include <chrono>

namespace nemf::cli {

// Runs from its making.
class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_STOPWATCH_H_
