#ifndef NEMF_CLIENT_LOAD_CLOCK_H_
#define NEMF_CLIENT_LOAD_CLOCK_H_

#include <chrono>
#include <thread>

namespace nemf::load {

// Time as a run of load sees it. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Seconds since some moment; never less than before.
  virtual double Now() = 0;
  // Returns once Now() >= `time`; at once where it is already.
  virtual void SleepUntil(double time) = 0;
};

// Counts from its making.
class SteadyClock final : public Clock {
 public:
  double Now() override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  void SleepUntil(double time) override {
    const auto offset = std::chrono::duration<double>(time);
    std::this_thread::sleep_until(start_ +
                                  std::chrono::ceil<std::chrono::steady_clock::duration>(offset));
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_CLOCK_H_
