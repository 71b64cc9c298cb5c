#ifndef NEMF_CLIENT_CLI_PROGRESS_H_
#define NEMF_CLIENT_CLI_PROGRESS_H_

#include <chrono>
#include <mutex>
#include <ostream>
#include <string>

namespace nemf::cli {

// Measures the time since its construction.
class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Returns "[#######.............] 35 %  126/360 pairs  3.1/s  1:15 left".
std::string ProgressLine(int done, int total, double seconds, const std::string& unit);

// A progress bar on the last line of a terminal, redrawn at most ten times per second. Prints
// nothing unless the stream is std::cerr and standard error is a terminal. Thread-safe.
class Progress {
 public:
  // `err` must outlive this object.
  Progress(std::ostream* err, int total, std::string unit);
  // Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Counts one more unit as done.
  void Step();

 private:
  std::ostream* const err_;  // null: quiet
  const int total_;
  const std::string unit_;
  const Stopwatch stopwatch_;
  std::mutex mutex_;
  int done_ = 0;
  double drawn_at_ = -1;  // seconds
};

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_PROGRESS_H_
