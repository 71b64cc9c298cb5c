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

// One call of the encoder that went well.
struct EncoderCall {
  int pairs = 0;
  absl::Duration duration;
};

// What became of one pair.
struct EncodedOrNot {
  absl::StatusOr<std::shared_ptr<const EncodedPair>> pair;
  EncoderCall call;  // that it was part of
};

// What became of a pass.
struct EncodedBatch {
  absl::Time start;
  absl::Time end;
  std::vector<EncodedOrNot> results;  // in the order of the pairs
  std::vector<EncoderCall> calls;
};

// Where encoder passes run, one at a time. Where the encoder fails on several pairs it is called
// again for each alone, so that only the pairs that fail alone get the error; but for a fatal error
// it is not called again. Used from one thread.
class EncoderExecutor {
 public:
  virtual ~EncoderExecutor() = default;

  // Whether a pass was started whose end was not yet taken.
  virtual bool busy() const = 0;
  // Starts a pass over pairs, at least one. Requires !busy().
  virtual void Start(std::vector<ImagePair> pairs) = 0;
  // The pass, once it has ended.
  virtual std::optional<EncodedBatch> TakeDone() = 0;

  // Start() runs the pass. Engine and clock outlive the executor, here and below.
  static std::unique_ptr<EncoderExecutor> Inline(Engine* engine, Clock* clock);

  // A thread runs the pass, and calls `on_done` after it; its end can be taken from then on. The
  // observer outlives the executor. The destructor waits for a pass that is running.
  static std::unique_ptr<EncoderExecutor> Threaded(Engine* engine, Clock* clock,
                                                   SchedulerObserver* observer,
                                                   std::function<void()> on_done);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ENCODING_ENCODER_EXECUTOR_H_
