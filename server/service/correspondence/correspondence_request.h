#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_REQUEST_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_REQUEST_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/scheduling/job.h"
#include "server/scheduling/scheduler.h"
#include "server/service/correspondence/pair_decoding.h"
#include "server/service/correspondence/service_environment.h"
#include "server/service/rpc/cancellation.h"
#include "server/service/rpc/rpc_context.h"

namespace nemf {

// The parts that the request messages of all matching methods have. The message outlives the
// answer.
struct PairMessage {
  template <typename Request>
  explicit PairMessage(const Request& request)
      : query(request.query()), reference(request.reference()), model(request.model()) {}

  const v1::Image& query;
  const v1::Image& reference;
  const v1::ModelSelector& model;
};

struct MatchAnswer {
  JobSpec spec;  // as asked
  ServedModel model;
  ImageSize query_size;
  ImageSize reference_size;
  absl::Duration decode_time;
  JobResult result;
  // Of a flow both ways: the matches of the reference's pixels in the query.
  std::optional<JobResult> backward;

  // Returns the statistics of the call: of its one job, or of both together.
  JobStatistics statistics() const;
  // Returns the cost of the call so far.
  CallCost cost() const;
};

// One request on its way from message to answer: reserve, decode, submit, complete. A flow both
// ways has two jobs under one reservation, which are answered together: if one of them fails the
// other is cancelled, and the request ends with the first error when both are done.
//
// Shared by its call, the decoding threads and the scheduler's job.
class CorrespondenceRequest : public std::enable_shared_from_this<CorrespondenceRequest> {
 public:
  // Called exactly once for a started request, on any thread, perhaps within Start(). After success
  // answer() is complete.
  using Done = std::function<void(absl::Status)>;
  // Called for each of a flow's previews, before Done, on the service's executor.
  using OnPreview = std::function<void(FlowSnapshot)>;

  CorrespondenceRequest(const ServiceEnvironment* environment, CallHeader header,
                        PairMessage message, Done done, OnPreview on_preview = nullptr)
      : environment_(*environment),
        header_(std::move(header)),
        message_(message),
        done_(std::move(done)),
        on_preview_(std::move(on_preview)) {}

  // Starts the request with its parsed spec, or ends it with the error of parsing.
  void Start(absl::StatusOr<JobSpec> spec);

  // Ends the request soon, with CANCELLED unless its answer was already on its way. Safe at any
  // time, from any thread, any number of times.
  void Cancel() { cancellation_.Cancel(); }

  // As far as the request got. Must be used from within or after Done only; the sizes also from
  // within or after the first preview.
  MatchAnswer& answer() { return answer_; }

 private:
  class Sink;

  // Reads both images' headers, reserves, and hands the images to the decoding threads.
  absl::Status Reserve();
  void Submit(absl::StatusOr<DecodedPair> decoded);
  // Takes the answer of one of the jobs, on the service's executor.
  void Complete(bool is_backward, absl::StatusOr<JobResult> result);
  // Returns CANCELLED or DEADLINE_EXCEEDED once the answer is not wanted any more.
  absl::Status CheckWanted() const;
  void Finish(absl::Status status);

  const ServiceEnvironment& environment_;
  const CallHeader header_;
  const PairMessage message_;
  const Done done_;
  const OnPreview on_preview_;
  Cancellation cancellation_;

  // Used by one thread at a time: that of Start(), a decoding thread until Submit() ends, then the
  // service's executor.
  MatchAnswer answer_;
  std::optional<JobTicket> ticket_;  // until Submit()
  int jobs_left_ = 0;                // that were not answered
  absl::Status first_error_;         // of those that were
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_REQUEST_H_
