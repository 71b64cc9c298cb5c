#include "server/scheduling/encoding/encoder_executor.h"

#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/engine/fatal_error.h"

namespace nemf {
namespace {

// Runs batches.
class BatchRunner {
 public:
  BatchRunner(Engine* engine, Clock* clock) : engine_(engine), clock_(clock) {}

  EncodedBatch Run(const std::vector<ImagePair>& pairs) const {
    EncodedBatch batch;
    batch.start = clock_->Now();
    Encode(pairs, batch);
    batch.end = clock_->Now();
    return batch;
  }

 private:
  void Encode(absl::Span<const ImagePair> pairs, EncodedBatch& batch) const {
    const absl::Time start = clock_->Now();
    auto encoded = engine_->Encode(pairs);
    const EncoderCall call{static_cast<int>(pairs.size()), clock_->Now() - start};
    if (encoded.ok()) {
      batch.calls.push_back(call);
      for (auto& pair : *encoded) batch.results.push_back({std::move(pair), call});
    } else if (pairs.size() > 1 && !IsFatal(encoded.status())) {
      for (std::size_t i = 0; i < pairs.size(); ++i) Encode(pairs.subspan(i, 1), batch);
    } else {
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        batch.results.push_back({encoded.status(), call});
      }
    }
  }

  Engine* const engine_;
  Clock* const clock_;
};

class InlineExecutor final : public EncoderExecutor {
 public:
  InlineExecutor(Engine* engine, Clock* clock) : runner_(engine, clock) {}

  bool has_thread() const override { return false; }
  bool busy() const override { return done_.has_value(); }
  void Start(std::vector<ImagePair> pairs) override { done_ = runner_.Run(pairs); }
  std::optional<EncodedBatch> TakeDone() override { return std::exchange(done_, std::nullopt); }

 private:
  const BatchRunner runner_;
  std::optional<EncodedBatch> done_;
};

class ThreadedExecutor final : public EncoderExecutor {
 public:
  ThreadedExecutor(Engine* engine, Clock* clock, SchedulerObserver* observer,
                   std::function<void()> on_done)
      : runner_(engine, clock),
        observer_(observer),
        on_done_(std::move(on_done)),
        worker_([this] { Work(); }) {}

  ~ThreadedExecutor() override {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    worker_.join();
  }

  bool has_thread() const override { return true; }
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

  // Waits for a batch and runs it. Returns false when the executor is destroyed.
  bool RunNext() {
    std::vector<ImagePair> pairs;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ThreadedExecutor::HasNews));
      if (given_.empty()) return false;
      pairs.swap(given_);
    }
    progress_.busy = true;
    EncodedBatch batch = runner_.Run(pairs);
    progress_.busy = false;
    ++progress_.steps;
    absl::MutexLock lock(&mutex_);
    done_ = std::move(batch);
    return true;
  }

  const BatchRunner runner_;
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
  return std::make_unique<InlineExecutor>(engine, clock);
}

std::unique_ptr<EncoderExecutor> EncoderExecutor::Threaded(Engine* engine, Clock* clock,
                                                           SchedulerObserver* observer,
                                                           std::function<void()> on_done) {
  return std::make_unique<ThreadedExecutor>(engine, clock, observer, std::move(on_done));
}

}  // namespace nemf
