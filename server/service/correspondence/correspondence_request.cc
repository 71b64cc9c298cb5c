#include "server/service/correspondence/correspondence_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/service/correspondence/image_digest.h"
#include "server/service/correspondence/request_validation.h"
#include "server/service/images/image_decoder.h"

namespace nemf {
namespace {

// A client whose deadline passed cancels its call, and as the server's copy of the deadline was
// counted from the request's arrival, the cancellation may come a little before it.
const absl::Duration kDeadlineSlack = absl::Milliseconds(50);

// The job of the flow from the reference to the query, as its request would make it.
Job BackwardJob(const Job& forward, const PairDigest& digest, std::shared_ptr<JobSink> sink) {
  Job job = forward;
  job.pair = {.query = forward.pair.reference, .reference = forward.pair.query};
  job.digest = digest;
  job.snapshots.clear();
  job.sink = std::move(sink);
  return job;
}

}  // namespace

JobStatistics MatchAnswer::statistics() const {
  JobStatistics call = result.statistics;
  if (!backward) return call;
  const JobStatistics& other = backward->statistics;
  call.queue_time = std::max(call.queue_time, other.queue_time);
  call.encode_time = std::max(call.encode_time, other.encode_time);
  call.match_time = std::max(call.match_time, other.match_time);
  call.field_queries += other.field_queries;
  call.encoder_batch_pairs = std::max(call.encoder_batch_pairs, other.encoder_batch_pairs);
  call.cached = call.cached && other.cached;
  return call;
}

CallCost MatchAnswer::cost() const {
  CallCost cost{.model = "", .decode_time = decode_time, .job = statistics()};
  if (!model.name.empty()) cost.model = absl::StrCat(model.name, "/", model.version);
  return cost;
}

// Where the answer of the backward flow goes; holds the call as the job holds it.
class CorrespondenceRequest::BackwardSink final : public JobSink {
 public:
  explicit BackwardSink(std::shared_ptr<CorrespondenceRequest> call) : call_(std::move(call)) {}

  void OnDone(absl::StatusOr<JobResult> result) override {
    if (result.ok()) call_->answer_.backward = *std::move(result);
    call_->EndJobs(1, result.status());
  }

 private:
  const std::shared_ptr<CorrespondenceRequest> call_;
};

void CorrespondenceRequest::Start() {
  if (absl::Status status = CheckWanted(); !status.ok()) return Finish(std::move(status));
  // What is cheap to refuse is refused before any image is decoded.
  absl::StatusOr<Job> job = ValidateJob();
  if (!job.ok()) return Finish(job.status());
  absl::StatusOr<ServedModel> model =
      environment_.find_model(request_.model.name(), request_.model.version());
  if (!model.ok()) return Finish(model.status());
  answer_.model = *std::move(model);
  if (absl::Status status = CheckAdmission(&*job); !status.ok()) return Finish(std::move(status));
  DecodePair(*std::move(job));
}

absl::Status CorrespondenceRequest::ValidatePoints(Job* job) {
  const RequestLimits& limits = environment_.limits;
  if (request_.keypoints != nullptr) {
    job->kind = JobKind::kKeypoints;
    absl::StatusOr<std::vector<Point>> keypoints = ToKeypoints(*request_.keypoints, limits);
    if (!keypoints.ok()) return keypoints.status();
    answer_.keypoints = *std::move(keypoints);
  } else if (request_.field != nullptr) {
    job->kind = JobKind::kField;
    const absl::StatusOr<Point> point = ToFieldPoint(*request_.field);
    if (!point.ok()) return point.status();
    answer_.keypoints = {*point};
    const absl::StatusOr<ImageSize> nodes = ToFieldNodes(*request_.field, limits);
    if (!nodes.ok()) return nodes.status();
    job->field_nodes = answer_.field_nodes = *nodes;
  } else {
    job->kind = JobKind::kFlow;
    if (absl::Status status = ValidateFlow(job); !status.ok()) return status;
  }
  job->keypoints = answer_.keypoints;
  return absl::OkStatus();
}

absl::Status CorrespondenceRequest::ValidateFlow(Job* job) {
  const absl::StatusOr<v1::FlowType> type = ToFlowType(request_.flow->type());
  if (!type.ok()) return type.status();
  answer_.flow_type = *type;
  absl::StatusOr<std::vector<int>> previews =
      ToPreviewIterations(request_.flow->preview_iterations(), environment_.limits);
  if (!previews.ok()) return previews.status();
  job->snapshots = *std::move(previews);
  return absl::OkStatus();
}

absl::StatusOr<Job> CorrespondenceRequest::ValidateJob() {
  Job job;
  const absl::StatusOr<MatchOptions> options =
      ToMatchOptions(request_.options, environment_.limits);
  if (!options.ok()) return options.status();
  job.options = *options;
  if (absl::Status status = ValidatePoints(&job); !status.ok()) return status;
  const absl::StatusOr<Priority> priority = ToPriority(request_.priority, job.kind);
  if (!priority.ok()) return priority.status();
  job.priority = *priority;
  job.deadline = request_.deadline;
  job.client = request_.client;
  job.sink = shared_from_this();
  return job;
}

absl::Status CorrespondenceRequest::CheckAdmission(Job* job) const {
  const auto query = StatedSize(request_.query, environment_.limits);
  const auto reference = StatedSize(request_.reference, environment_.limits);
  if (!query || !reference) return absl::OkStatus();  // What is wrong is said by the decoder.
  job->pair = MakeImagePair({.size = *query, .rgb = {}}, {.size = *reference, .rgb = {}});
  return answer_.model.scheduler->CheckAdmission(*job, [this] {
    return PairDigestOf(DigestOf(request_.query), DigestOf(request_.reference));
  });
}

void CorrespondenceRequest::DecodePair(Job job) {
  const absl::Time start = environment_.clock->Now();
  const auto check = [this] { return CheckWanted(); };
  const auto submit = [self = shared_from_this(), job = std::move(job),
                       start](absl::StatusOr<DecodedPair> decoded) mutable {
    self->answer_.decode_time = self->environment_.clock->Now() - start;
    self->Submit(std::move(job), std::move(decoded));
  };
  if (!TryDecodePair(environment_.decoding, request_.query, request_.reference, environment_.limits,
                     check, submit)) {
    Finish(absl::ResourceExhaustedError("too many requests are waiting to be decoded"));
  }
}

void CorrespondenceRequest::Submit(Job job, absl::StatusOr<DecodedPair> decoded) {
  if (!decoded.ok()) return Finish(decoded.status());
  answer_.query_size = decoded->pair.query->size;
  answer_.reference_size = decoded->pair.reference->size;
  absl::Status status = job.kind == JobKind::kField
                            ? CheckPointInside(job.keypoints.front(), answer_.query_size)
                            : CheckInside(job.keypoints, answer_.query_size);
  status.Update(CheckWanted());
  if (!status.ok()) return Finish(std::move(status));
  job.pair = std::move(decoded->pair);
  job.digest = decoded->digest;
  std::vector<Job> jobs;
  jobs.push_back(std::move(job));
  if (request_.flow != nullptr && request_.flow->with_consistency()) {
    jobs.push_back(BackwardJob(jobs.front(), decoded->reversed,
                               std::make_shared<BackwardSink>(shared_from_this())));
  }
  SubmitAll(std::move(jobs));
}

void CorrespondenceRequest::SubmitAll(std::vector<Job> jobs) {
  {
    absl::MutexLock lock(&mutex_);
    jobs_left_ = jobs.size();
  }
  // The answer may come before Submit() returns: nothing of the answer is touched from here on.
  const std::shared_ptr<Scheduler> scheduler = answer_.model.scheduler;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const absl::StatusOr<std::shared_ptr<JobHandle>> handle = scheduler->Submit(std::move(jobs[i]));
    // Those after it would be cancelled.
    if (!handle.ok()) return EndJobs(jobs.size() - i, handle.status());
    cancellation_.Attach(*handle);
  }
}

absl::Status CorrespondenceRequest::CheckWanted() const {
  if (environment_.clock->Now() >= request_.deadline) {
    return absl::DeadlineExceededError("the request's deadline passed");
  }
  if (cancellation_.cancelled()) return absl::CancelledError("cancelled by the client");
  return absl::OkStatus();
}

void CorrespondenceRequest::OnDone(absl::StatusOr<JobResult> result) {
  if (result.ok()) answer_.result = *std::move(result);
  EndJobs(1, result.status());
}

void CorrespondenceRequest::EndJobs(std::size_t count, const absl::Status& status) {
  absl::Status first_error;
  bool ended = false;
  {
    absl::MutexLock lock(&mutex_);
    first_error_.Update(status);
    jobs_left_ -= count;
    ended = jobs_left_ == 0;
    first_error = first_error_;
  }
  if (ended) return Finish(std::move(first_error));
  if (!status.ok()) cancellation_.Cancel();
}

void CorrespondenceRequest::Finish(absl::Status status) {
  cancellation_.Detach();
  answer_.model.scheduler = nullptr;  // Whoever keeps the answer must not keep the model.
  // gRPC cancels a call at its deadline; the deadline is the better word for it.
  if (absl::IsCancelled(status) &&
      environment_.clock->Now() + kDeadlineSlack >= request_.deadline) {
    status = absl::DeadlineExceededError("the request's deadline passed");
  }
  done_(std::move(status));
}

}  // namespace nemf
