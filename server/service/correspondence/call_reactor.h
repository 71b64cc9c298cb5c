#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_CALL_REACTOR_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_CALL_REACTOR_H_

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {

// The base of the objects that are one call each. `Reactor` is one of gRPC's server reactors.
// Events come on threads of gRPC, of the decoding and of the service's executor. Each one changes
// the state and decides on the next steps under one lock; the steps are taken outside of it. A step
// that was decided but not yet taken is outstanding, so no other thread can finish the call
// meanwhile.
//
// Owns itself: gRPC calls OnDone() last, and only after Finish(). A cancellation makes the answer
// come soon and never finishes a call by itself.
template <typename Reactor, typename Response>
class CallReactor : public Reactor {
 public:
  void OnDone() final { delete this; }

 protected:
  struct Steps {
    bool read = false;
    const Response* write = nullptr;  // at most one write is outstanding, see writing_
    std::optional<absl::Status> finish = std::nullopt;
  };

  // Runs `event`, which changes the state, under the lock and takes the steps that Decide() then
  // returns. The call may be over, and this object destroyed, when this returns.
  template <typename Event>
  void Handle(Event event) {
    Steps steps;
    {
      absl::MutexLock lock(&mutex_);
      event();
      if (!finished_) steps = Decide();
      writing_ = writing_ || steps.write != nullptr;
      finished_ = finished_ || steps.finish.has_value();
    }
    if (steps.finish) {
      BeforeFinish(*steps.finish);
      return this->Finish(ToGrpcStatus(*steps.finish));
    }
    if (steps.read) Read();
    if constexpr (requires(Reactor * reactor) { reactor->StartWrite(steps.write); }) {
      if (steps.write == nullptr) return;
      BeforeWrite();
      this->StartWrite(steps.write);
    }
  }

  // Returns the next steps. Not called after a step `finish`.
  virtual Steps Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) = 0;
  // Starts the step `read`.
  virtual void Read() {}
  // Fills the message of the step `write`.
  virtual void BeforeWrite() {}
  // Records the end of the call.
  virtual void BeforeFinish(const absl::Status& /*status*/) {}

  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;  // reset by the event that ends the write

 private:
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_CALL_REACTOR_H_
