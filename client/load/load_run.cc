#include "client/load/load_run.h"

#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "client/load/random.h"

namespace nemf::load {
namespace {

client::Status Broken(const std::string& name, double value, const std::string& rule) {
  return {client::Code::kInvalidArgument,
          "LoadOptions." + name + " = " + std::to_string(value) + ", must be " + rule};
}

Answer SendOrFail(const Send& send, std::uint64_t index) {
  try {
    return send(index);
  } catch (const std::exception& error) {
    Answer answer;
    answer.status = client::Status(client::Code::kUnknown, error.what());
    return answer;
  }
}

// Workers take arrivals in order; each sleeps until the time of its arrival.
class LoadRun {
 public:
  LoadRun(const LoadOptions& options, Clock* clock, const Send& send, const OnOutcome& on_outcome)
      : options_(options),
        clock_(clock),
        send_(send),
        on_outcome_(on_outcome),
        start_(clock->Now()),
        end_(options.warm_up + options.duration) {
    if (options.rate > 0) arrivals_.emplace(options.rate, options.seed);
  }

  std::vector<Outcome> Run() {
    std::vector<std::thread> workers;
    for (int i = 0; i < options_.workers; ++i) workers.emplace_back([this] { Work(); });
    for (std::thread& worker : workers) worker.join();
    return std::move(outcomes_);
  }

 private:
  double Now() { return clock_->Now() - start_; }

  // Returns the next request with its index and scheduled time, or nullopt after the end.
  std::optional<Outcome> NextArrival() {
    const std::lock_guard lock(mutex_);
    Outcome outcome;
    outcome.scheduled = arrivals_ ? arrivals_->Next() : Now();
    if (outcome.scheduled >= end_) return std::nullopt;
    outcome.index = next_index_++;
    return outcome;
  }

  void Work() {
    while (std::optional<Outcome> outcome = NextArrival()) {
      clock_->SleepUntil(start_ + outcome->scheduled);
      outcome->started = Now();
      outcome->answer = SendOrFail(send_, outcome->index);
      outcome->finished = Now();
      if (on_outcome_) on_outcome_(*outcome);
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(*std::move(outcome));
    }
  }

  const LoadOptions options_;
  Clock* const clock_;
  const Send& send_;
  const OnOutcome& on_outcome_;
  const double start_;
  const double end_;

  std::mutex mutex_;  // guards what follows
  std::optional<PoissonArrivals> arrivals_;
  std::uint64_t next_index_ = 0;
  std::vector<Outcome> outcomes_;
};

}  // namespace

client::Status LoadOptions::Validate() const {
  // Written so that NaN fails.
  if (!(rate >= 0 && rate <= 1e6)) return Broken("rate", rate, "0 to 1e6");
  if (workers < 1 || workers > 4096) return Broken("workers", workers, "1 to 4096");
  if (!(warm_up >= 0)) return Broken("warm_up", warm_up, ">= 0");
  if (!(duration > 0)) return Broken("duration", duration, "> 0");
  if (!(deadline >= 0)) return Broken("deadline", deadline, ">= 0");
  return {};
}

std::vector<Outcome> RunLoad(const LoadOptions& options, Clock* clock, const Send& send,
                             const OnOutcome& on_outcome) {
  return LoadRun(options, clock, send, on_outcome).Run();
}

}  // namespace nemf::load
