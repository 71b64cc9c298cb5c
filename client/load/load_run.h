#ifndef NEMF_CLIENT_LOAD_LOAD_RUN_H_
#define NEMF_CLIENT_LOAD_LOAD_RUN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "client/load/traffic.h"
#include "nemf/status.h"
#include "nemf/types.h"

namespace nemf::load {

// The clock of a load run. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Returns seconds since a fixed time; does not decrease.
  virtual double Now() = 0;
  // Blocks until Now() >= `time`.
  virtual void SleepUntil(double time) = 0;
};

// The system's steady clock. 0 is its construction.
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

// Settings of a load run.
//
// Closed loop (rate 0): each of `workers` clients sends its next request after the last answer, so
// a slow server gets fewer requests. Open loop: requests arrive independently of the server, and
// `workers` bounds those in flight. An arrival that finds no free worker starts late. Its latency
// counts from its scheduled time, because the wait is caused by the server.
struct LoadOptions {
  double rate = 0;         // arrivals per second, >= 0; 0: closed loop
  int workers = 1;         // 1 to 4096
  double warm_up = 0;      // seconds before the measurement, >= 0
  double duration = 10;    // seconds of the measurement, > 0
  double deadline = 0;     // seconds, for goodput, >= 0; 0: none
  std::uint64_t seed = 0;  // of the arrivals

  // Returns kInvalidArgument that names the first broken rule, or success.
  client::Status Validate() const;
};

// The end of one request.
struct Answer {
  RequestKind kind = RequestKind::kKeypoints;
  client::Status status;
  client::Statistics statistics;  // if the status is OK
};

// One request. Times are seconds from the start of the run.
struct Outcome {
  std::uint64_t index = 0;
  double scheduled = 0;  // when it arrived; in a closed loop, when it was sent
  double started = 0;    // when it was sent
  double finished = 0;
  Answer answer;

  double latency() const { return finished - scheduled; }
};

// Sends request number `index` and blocks until it ends. Called from many threads.
using Send = std::function<Answer(std::uint64_t index)>;

// Called after each request, from many threads; may be null.
using OnOutcome = std::function<void(const Outcome&)>;

// Sends requests 0, 1, 2, ... for warm_up + duration seconds and blocks until all of them have
// ended. Returns their outcomes in the order in which they ended. If `send` throws, the request
// ends with kUnknown. Requires options.Validate().ok().
std::vector<Outcome> RunLoad(const LoadOptions& options, Clock* clock, const Send& send,
                             const OnOutcome& on_outcome = nullptr);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_LOAD_RUN_H_
