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

// How a server is loaded.
//
// Closed loop (rate 0): each of `workers` clients asks again once it has its answer, so a slow
// server is asked less. Open loop: requests arrive as they do in the world, whatever the server
// does; `workers` bounds how many are in flight. An arrival that finds none free starts late, and
// its latency is counted from when it should have started: the wait is the server's doing.
struct LoadOptions {
  double rate = 0;         // arrivals a second, >= 0; 0: closed loop
  int workers = 1;         // 1 to 4096
  double warm_up = 0;      // seconds before anything counts, >= 0
  double duration = 10;    // seconds that count, > 0
  double deadline = 0;     // seconds after which an answer is of no use, >= 0; 0: never
  std::uint64_t seed = 0;  // of the arrivals

  // kInvalidArgument that names the first broken rule.
  client::Status Validate() const;
};

// How one request ended.
struct Answer {
  RequestKind kind = RequestKind::kKeypoints;
  client::Status status;
  client::Statistics statistics;  // where the status is OK
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

// Asks request number `index` and waits for its end. Called from many threads.
using Send = std::function<Answer(std::uint64_t index)>;

// Called after each request, from many threads; may be null.
using OnOutcome = std::function<void(const Outcome&)>;

// Sends requests 0, 1, 2, ... for warm_up + duration seconds, waits until all of them have ended
// and returns each once, in the order of their ends. A `send` that throws ends its request with
// kUnknown. Requires options.Validate().ok().
std::vector<Outcome> RunLoad(const LoadOptions& options, Clock* clock, const Send& send,
                             const OnOutcome& on_outcome = nullptr);

}  // namespace nemf::load

#endif  // NEMF_CLIENT_LOAD_LOAD_RUN_H_
