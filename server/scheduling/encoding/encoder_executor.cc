#include "server/scheduling/encoding/encoder_executor.h"

#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/engine/fatal_error.h"

namespace nemf {
namespace {

// Runs passes.
class PassRunner {
 public:
  PassRunner(Engine* engine, Clock* clock) : engine_(engine), clock_(clock) {}

  EncodedBatch Run(const std::vector<ImagePair>& pairs) const {
    EncodedBatch pass;
    pass.start = clock_->Now();
    Encode(pairs, pass);
    pass.end = clock_->Now();
    return pass;
  }

 private:
  void Encode(absl::Span<const ImagePair> pairs, EncodedBatch& pass) const {
    const absl::Time start = clock_->Now();
    auto encoded = engine_->Encode(pairs);
    const EncoderCall call{static_cast<int>(pairs.size()), clock_->Now() - start};
    if (encoded.ok()) {
      pass.calls.push_back(call);
      for (auto& pair : *encoded) pass.results.push_back({std::move(pair), call});
    } else if (pairs.size() > 1 && !IsFatal(encoded.status())) {
      for (std::size_t i = 0; i < pairs.size(); ++i) Encode(pairs.subspan(i, 1), pass);
    } else {
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        pass.results.push_back({encoded.status(), call});
      }
    }
  }

  Engine* const engine_;
  Clock* const clock_;
};

class InlineLane final : public EncoderExecutor {
 public:
  InlineLane(Engine* engine, Clock* clock) : runner_(engine, clock) {}

  bool busy() const override { return done_.has_value(); }
  void Start(std::vector<ImagePair> pairs) override { done_ = runner_.Run(pairs); }
  std::optional<EncodedBatch> TakeDone() override { return std::exchange(done_, std::nullopt); }

 private:
  const PassRunner runner_;
  std::optional<EncodedBatch> done_;
};

class ThreadedLane final : public EncoderExecutor {
 public:
  ThreadedLane(Engine* engine, Clock* clock, SchedulerObserver* observer,
               std::function<void()> on_done)
      : runner_(engine, clock),
        observer_(observer),
        on_done_(std::move(on_done)),
        worker_([this] { Work(); }) {}

  ~ThreadedLane() override {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    worker_.join();
  }

  bool busy() const override { return busy_; }

  void Start(std::vector<ImagePair> pairs) override {
    busy_ = true;
    absl::MutexLock lock(&mutex_);
    given_ = std::move(pairs);
  }

  std::optional<EncodedBatch> TakeDone() override {
    absl::MutexLock lock(&mutex_);
    std::optional<EncodedBatch> done = std::exchange(done_, std::nullopt);
    if (done.has_value()) busy_ = false;
    return done;
  }

 private:
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !given_.empty();
  }

  void Work() {
    observer_->OnThreadStart(progress_);
    while (RunNext()) on_done_();
    observer_->OnThreadEnd(progress_);
  }

  // Waits for a pass and runs it; false at the end.
  bool RunNext() {
    std::vector<ImagePair> pairs;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ThreadedLane::HasNews));
      if (given_.empty()) return false;
      pairs.swap(given_);
    }
    progress_.busy = true;
    EncodedBatch pass = runner_.Run(pairs);
    progress_.busy = false;
    ++progress_.steps;
    absl::MutexLock lock(&mutex_);
    done_ = std::move(pass);
    return true;
  }

  const PassRunner runner_;
  SchedulerObserver* const observer_;
  const std::function<void()> on_done_;
  Progress progress_;
  bool busy_ = false;  // of the thread that uses the executor

  absl::Mutex mutex_;
  std::vector<ImagePair> given_ ABSL_GUARDED_BY(mutex_);
  std::optional<EncodedBatch> done_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread worker_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<EncoderExecutor> EncoderExecutor::Inline(Engine* engine, Clock* clock) {
  return std::make_unique<InlineLane>(engine, clock);
}

std::unique_ptr<EncoderExecutor> EncoderExecutor::Threaded(Engine* engine, Clock* clock,
                                                           SchedulerObserver* observer,
                                                           std::function<void()> on_done) {
  return std::make_unique<ThreadedLane>(engine, clock, observer, std::move(on_done));
}

}  // namespace nemf
