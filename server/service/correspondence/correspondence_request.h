#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_REQUEST_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_REQUEST_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/scheduling/job.h"
#include "server/service/correspondence/pair_decoding.h"
#include "server/service/correspondence/service_environment.h"
#include "server/service/rpc/cancellation.h"

namespace nemf {

// What the matching RPCs have in common, as views of a request that outlives the answer.
struct MatchRequest {
  const v1::Image& query;
  const v1::Image& reference;
  const v1::MatchOptions& options;
  const v1::ModelSelector& model;
  // One of these.
  const google::protobuf::RepeatedPtrField<v1::Point>* keypoints = nullptr;
  const v1::SampleFieldRequest* field = nullptr;
  const v1::ComputeFlowRequest* flow = nullptr;
  std::string client = {};    // Caller::client
  std::string priority = {};  // RpcContext::priority()
  absl::Time deadline = absl::InfiniteFuture();
};

struct MatchAnswer {
  ServedModel model;
  ImageSize query_size;
  ImageSize reference_size;
  std::vector<Point> keypoints;          // as asked; a field's one point
  ImageSize field_nodes;                 // of a field
  v1::FlowType flow_type = v1::FLOAT32;  // of a flow: FLOAT32 or FLOAT16
  absl::Duration decode_time;
  JobResult result;
  // Of a flow with consistency: the matches of the reference's pixels in the query.
  std::optional<JobResult> backward;

  // Of the call: the result's, or what FlowTrailer.statistics says of both flows.
  JobStatistics statistics() const;
  // What the call cost so far.
  CallCost cost() const;
};

// One request's way from message to answer: validate, decode on the worker pool, submit, wait.
// A flow with consistency is two jobs, which are answered together: once one of them fails the
// other is cancelled, and the call ends with the first error when both are done.
//
// Owned jointly by whoever waits for it, the pool's task and the scheduler's job, so that each of
// them may be the last to let go.
class CorrespondenceRequest : public JobSink,
                              public std::enable_shared_from_this<CorrespondenceRequest> {
 public:
  // Called exactly once for a started call, on any thread, perhaps within Start(). After success
  // answer() is complete.
  using Done = std::function<void(absl::Status)>;
  // Called for each of a flow's previews, before Done, on the scheduler's thread; must not block.
  using OnPreview = std::function<void(FlowSnapshot)>;

  CorrespondenceRequest(const ServiceEnvironment* environment, MatchRequest request, Done done,
                        OnPreview on_preview = nullptr)
      : environment_(*environment),
        request_(std::move(request)),
        done_(std::move(done)),
        on_preview_(std::move(on_preview)) {}

  void Start();

  // Makes the answer come soon, as CANCELLED unless it was already on its way. At any time, from
  // any thread, any number of times.
  void Cancel() { cancellation_.Cancel(); }

  // As far as the call got. To be used from within or after Done only; its sizes from the first
  // preview on.
  MatchAnswer& answer() { return answer_; }

  // Of the one job, or of the forward flow.
  void OnDone(absl::StatusOr<JobResult> result) override;
  void OnSnapshot(FlowSnapshot snapshot) override { on_preview_(std::move(snapshot)); }

 private:
  class BackwardSink;

  // What of the job can be told without an image: options, points, previews, nodes.
  absl::StatusOr<Job> ValidateJob();
  absl::Status ValidatePoints(Job* job);
  absl::Status ValidateFlow(Job* job);
  // Whether the scheduler would refuse the job anyway, so that its images need not be decoded.
  // Until Submit() the job has a pair of the sizes that the images state, without pixels.
  absl::Status CheckAdmission(Job* job) const;
  // Ends in Submit(), on this thread or another.
  void DecodePair(Job job);
  void Submit(Job job, absl::StatusOr<DecodedPair> decoded);
  void SubmitAll(std::vector<Job> jobs);
  // So many of the jobs ended, with this status. The last one ends the call.
  void EndJobs(std::size_t count, const absl::Status& status);
  // CANCELLED or DEADLINE_EXCEEDED once nobody waits for the answer any more.
  absl::Status CheckWanted() const;
  void Finish(absl::Status status);

  const ServiceEnvironment& environment_;
  const MatchRequest request_;
  const Done done_;
  const OnPreview on_preview_;
  Cancellation cancellation_;
  // Written by one thread at a time: that of Start(), one of the pool's until SubmitAll(), then the
  // scheduler's.
  MatchAnswer answer_;

  absl::Mutex mutex_;
  std::size_t jobs_left_ ABSL_GUARDED_BY(mutex_) = 0;  // that have not ended
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);   // of those that have
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_REQUEST_H_
