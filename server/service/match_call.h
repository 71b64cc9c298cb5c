#ifndef NEMF_SERVER_SERVICE_MATCH_CALL_H_
#define NEMF_SERVER_SERVICE_MATCH_CALL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/scheduling/job.h"
#include "server/service/cancellation.h"
#include "server/service/pair_decoding.h"
#include "server/service/service_environment.h"

namespace nemf {

// What the matching RPCs have in common, as views of a request that outlives the answer.
struct MatchRequest {
  const v1::Image& query;
  const v1::Image& reference;
  const v1::MatchOptions& options;
  const v1::ModelSelector& model;
  // At most one of these; without any it is a dense flow.
  const google::protobuf::RepeatedPtrField<v1::Point>* keypoints = nullptr;
  const v1::SampleFieldRequest* field = nullptr;
  // Of a flow; may be null.
  const google::protobuf::RepeatedField<std::uint32_t>* previews = nullptr;
  std::string client = {};    // Caller::client
  std::string priority = {};  // CallScope::priority()
  absl::Time deadline = absl::InfiniteFuture();
};

struct MatchAnswer {
  ServedModel model;
  ImageSize query_size;
  ImageSize reference_size;
  std::vector<Point> keypoints;  // as asked; a field's one point
  ImageSize field_nodes;         // of a field
  absl::Duration decode_time;
  JobResult result;
};

// One request's way from message to answer: decode and validate on the worker pool, submit, wait.
// Owned jointly by whoever waits for it, the pool's task and the scheduler's job, so that each of
// them may be the last to let go.
class MatchCall : public JobSink, public std::enable_shared_from_this<MatchCall> {
 public:
  // Called exactly once for a started call, on any thread, perhaps within Start(). After success
  // answer() is complete.
  using Done = std::function<void(absl::Status)>;
  // Called for each of a flow's previews, before Done, on the scheduler's thread; must not block.
  using OnPreview = std::function<void(FlowSnapshot)>;

  MatchCall(const ServiceEnvironment* environment, MatchRequest request, Done done,
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

  void OnDone(absl::StatusOr<JobResult> result) override;
  void OnSnapshot(FlowSnapshot snapshot) override { on_preview_(std::move(snapshot)); }

 private:
  void Prepare();
  // What of the job can be told without an image: options, points, previews, nodes.
  absl::StatusOr<Job> ValidateJob();
  absl::Status ValidatePoints(Job* job);
  // Ends in Submit(), on this thread or another.
  void DecodePair(Job job);
  void Submit(Job job, absl::StatusOr<DecodedPair> decoded);
  // CANCELLED or DEADLINE_EXCEEDED once nobody waits for the answer any more.
  absl::Status CheckWanted() const;
  void Finish(absl::Status status);

  const ServiceEnvironment& environment_;
  const MatchRequest request_;
  const Done done_;
  const OnPreview on_preview_;
  Cancellation cancellation_;
  // Written by one thread at a time: the pool's until Submit(), the scheduler's from then on.
  MatchAnswer answer_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_MATCH_CALL_H_
