#ifndef NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_EXECUTOR_H_
#define NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_EXECUTOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/scheduling/observer.h"

namespace nemf {

// One successful call of the encoder.
struct EncoderCall {
  int pairs = 0;
  absl::Duration duration;
};

// The result of one pair.
struct EncodedOrNot {
  absl::StatusOr<std::shared_ptr<const EncodedPair>> pair;
  EncoderCall call;  // that it was part of
};

// The results of an encoder batch.
struct EncodedBatch {
  absl::Time start;
  absl::Time end;
  std::vector<EncodedOrNot> results;  // in the order of the pairs
  std::vector<EncoderCall> calls;
};

// Runs encoder batches, one at a time. If the encoder fails on several pairs it is called again for
// each alone, so that only the pairs that fail alone get the error; after a fatal error
// (fatal_error.h) it is not called again. Used from one thread.
class EncoderExecutor {
 public:
  virtual ~EncoderExecutor() = default;

  // Returns whether batches run beside the caller, not in Start().
  virtual bool has_thread() const = 0;
  // Returns whether a batch was started whose results were not yet taken.
  virtual bool busy() const = 0;
  // Starts a batch of at least one pair. Requires !busy().
  virtual void Start(std::vector<ImagePair> pairs) = 0;
  // Returns the batch if it has ended, otherwise nullopt.
  virtual std::optional<EncodedBatch> TakeDone() = 0;

  // Runs batches in Start(). Engine and clock outlive the executor, here and below.
  static std::unique_ptr<EncoderExecutor> Inline(Engine* engine, Clock* clock);

  // Runs batches on a thread, which calls `on_done` after each; its results can be taken from then
  // on. The observer outlives the executor. The destructor waits for a running batch.
  static std::unique_ptr<EncoderExecutor> Threaded(Engine* engine, Clock* clock,
                                                   SchedulerObserver* observer,
                                                   std::function<void()> on_done);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_EXECUTOR_H_
