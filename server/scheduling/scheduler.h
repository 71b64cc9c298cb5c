#ifndef NEMF_SERVER_SCHEDULING_SCHEDULER_H_
#define NEMF_SERVER_SCHEDULING_SCHEDULER_H_

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/scheduling/admission/admission_ticket.h"
#include "server/scheduling/job.h"
#include "server/scheduling/observer.h"
#include "server/scheduling/scheduler_options.h"

namespace nemf {

// A submitted job. Destroying the handle does not cancel the job.
class JobHandle {
 public:
  virtual ~JobHandle() = default;
  // Requests that the job leaves before the next quantum. Its sink then gets CANCELLED, unless its
  // answer was already on its way. Safe from any thread, any number of times.
  virtual void Cancel() = 0;
};

// A granted reservation for one job. Move-only. Destroying it without Submit() gives back all that
// it holds: its place, its bytes and its share of the forecast. The scheduler outlives it.
struct JobTicket {
  JobRequest request;
  AdmissionTicket admission;

  // Returns the ticket of the second job of a flow with both_ways: the same flow from the reference
  // to the query, without snapshots. Requires that it was not taken before.
  JobTicket TakeBackward() {
    JobTicket backward{request, admission.TakeBackward()};
    std::swap(backward.request.query, backward.request.reference);
    std::get<FlowSpec>(backward.request.spec).snapshots.clear();
    return backward;
  }
};

// Runs jobs on one engine. It encodes waiting pairs in batches and advances the matching of all
// active jobs in quanta of bounded time; jobs join and leave between two quanta.
//
// A request goes through it in two steps:
//   ticket = Reserve(request)   before its images are decoded: the only admission
//   Submit(ticket, images)      when they are decoded: cannot fail
//
// Where the rules are written:
//   what is refused, and when to retry       admission/admission_controller.h
//   how long a quantum is                    admission/cost_model.h
//   which job a quantum serves first         admission/quantum_order.h
//   which pairs go into an encoder batch     encoding/encoder_batch.h
//   what happens between two quanta          loop/scheduler_loop.h
class Scheduler {
 public:
  // Computes the digest of a request's pair, before its images are decoded.
  using DigestFunction = absl::FunctionRef<PairDigest()>;

  virtual ~Scheduler() = default;  // drains

  // Admits a request, or refuses it with
  //   RESOURCE_EXHAUSTED  the queue is full, or the deadline cannot be met (see retry_pushback.h)
  //   UNAVAILABLE         the scheduler drains
  //   DEADLINE_EXCEEDED   the deadline has passed
  // A granted ticket is a promise: its job is not refused later. `digest` is called only if it
  // decides the answer: an encoded pair in the cache takes less time.
  // Does not block; safe from any thread.
  virtual absl::StatusOr<JobTicket> Reserve(JobRequest request, DigestFunction digest) = 0;

  // Queues the job of a ticket that this scheduler granted. Jobs with equal digests may share an
  // encoded pair. `sink` gets exactly one answer, perhaps before this returns. Accepted while the
  // scheduler drains. Does not block; safe from any thread.
  virtual std::shared_ptr<JobHandle> Submit(JobTicket ticket, ImagePair pair,
                                            const PairDigest& digest,
                                            std::shared_ptr<JobSink> sink) = 0;

  // Refuses new requests and blocks until every granted ticket was submitted or destroyed and
  // every submitted job was answered. Must not be called by a sink.
  virtual void Drain() = 0;

  // Engine, clock and observer (may be null) outlive the scheduler. Requires
  // options.Validate().ok().
  static std::unique_ptr<Scheduler> Create(Engine* engine, Clock* clock,
                                           const SchedulerOptions& options,
                                           SchedulerObserver* observer = nullptr);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_SCHEDULER_H_
