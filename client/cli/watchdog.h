#ifndef NEMF_CLIENT_CLI_WATCHDOG_H_
#define NEMF_CLIENT_CLI_WATCHDOG_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "client/cli/stopwatch.h"

namespace nemf::cli {

// Calls `bark` once, on a thread of its own, when nobody called Kick() for `seconds`.
class Watchdog {
 public:
  // 0 seconds: never.
  Watchdog(double seconds, std::function<void()> bark) : seconds_(seconds), bark_(std::move(bark)) {
    if (seconds_ > 0) thread_ = std::thread([this] { Watch(); });
  }

  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Kick() {
    const std::lock_guard lock(mutex_);
    last_ = Stopwatch();
  }

  bool barked() {
    const std::lock_guard lock(mutex_);
    return barked_;
  }

 private:
  void Watch() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
      const double left = seconds_ - last_.Seconds();
      if (left <= 0) {
        barked_ = true;
        lock.unlock();
        return bark_();
      }
      changed_.wait_for(lock, std::chrono::duration<double>(left));
    }
  }

  const double seconds_;
  const std::function<void()> bark_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Stopwatch last_;
  bool closing_ = false;
  bool barked_ = false;
  std::thread thread_;
};

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_WATCHDOG_H_
