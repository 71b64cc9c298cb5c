#include "server/service/match_call.h"

#include <utility>

#include "server/service/image_decoder.h"
#include "server/service/request_validation.h"

namespace nemf {
namespace {

// A client whose deadline passed cancels its call, and as the server's copy of the deadline was
// counted from the request's arrival, the cancellation may come a little before it.
const absl::Duration kDeadlineSlack = absl::Milliseconds(50);

}  // namespace

void MatchCall::Start() {
  if (environment_.decoding->TryRun([self = shared_from_this()] { self->Prepare(); })) return;
  Finish(absl::ResourceExhaustedError("too many requests are waiting to be decoded"));
}

void MatchCall::Prepare() {
  absl::StatusOr<Job> job = MakeJob();
  if (!job.ok()) return Finish(job.status());
  // The answer may come before Submit() returns: nothing of the answer is touched from here on.
  const std::shared_ptr<Scheduler> scheduler = answer_.model.scheduler;
  absl::StatusOr<std::shared_ptr<JobHandle>> handle = scheduler->Submit(*std::move(job));
  if (!handle.ok()) return Finish(handle.status());
  cancellation_.Attach(*std::move(handle));
}

absl::Status MatchCall::ValidatePoints(Job* job) {
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
  }
  job->keypoints = answer_.keypoints;
  return absl::OkStatus();
}

absl::StatusOr<Job> MatchCall::ValidateJob() {
  const RequestLimits& limits = environment_.limits;
  Job job;
  const absl::StatusOr<MatchOptions> options = ToMatchOptions(request_.options, limits);
  if (!options.ok()) return options.status();
  job.options = *options;
  if (absl::Status status = ValidatePoints(&job); !status.ok()) return status;
  if (request_.previews != nullptr) {
    absl::StatusOr<std::vector<int>> previews = ToPreviewIterations(*request_.previews, limits);
    if (!previews.ok()) return previews.status();
    job.snapshots = *std::move(previews);
  }
  const absl::StatusOr<Priority> priority = ToPriority(request_.priority, job.kind);
  if (!priority.ok()) return priority.status();
  job.priority = *priority;
  job.deadline = request_.deadline;
  job.client = request_.client;
  job.sink = shared_from_this();
  return job;
}

absl::Status MatchCall::DecodePair(Job* job) {
  const RequestLimits& limits = environment_.limits;
  const absl::Time start = environment_.clock->Now();
  auto pair = std::make_shared<ImagePair>();
  absl::StatusOr<Image> query = DecodeImage(request_.query, limits, "query");
  if (!query.ok()) return query.status();
  pair->query = *std::move(query);
  answer_.query_size = pair->query.size;
  absl::Status inside = job->kind == JobKind::kField
                            ? CheckPointInside(job->keypoints.front(), pair->query.size)
                            : CheckInside(job->keypoints, pair->query.size);
  if (!inside.ok()) return inside;
  if (absl::Status status = CheckWanted(); !status.ok()) return status;
  absl::StatusOr<Image> reference = DecodeImage(request_.reference, limits, "reference");
  if (!reference.ok()) return reference.status();
  pair->reference = *std::move(reference);
  answer_.reference_size = pair->reference.size;
  answer_.decode_time = environment_.clock->Now() - start;
  job->pair = std::move(pair);
  return absl::OkStatus();
}

absl::StatusOr<Job> MatchCall::MakeJob() {
  if (absl::Status status = CheckWanted(); !status.ok()) return status;
  // What is cheap to refuse is refused before any image is decoded.
  absl::StatusOr<Job> job = ValidateJob();
  if (!job.ok()) return job.status();
  absl::StatusOr<ServedModel> model =
      environment_.find_model(request_.model.name(), request_.model.version());
  if (!model.ok()) return model.status();
  answer_.model = *std::move(model);
  if (absl::Status status = DecodePair(&*job); !status.ok()) return status;
  return job;
}

absl::Status MatchCall::CheckWanted() const {
  if (environment_.clock->Now() >= request_.deadline) {
    return absl::DeadlineExceededError("the request's deadline passed");
  }
  if (cancellation_.cancelled()) return absl::CancelledError("cancelled by the client");
  return absl::OkStatus();
}

void MatchCall::OnDone(absl::StatusOr<JobResult> result) {
  if (result.ok()) answer_.result = *std::move(result);
  Finish(result.status());
}

void MatchCall::Finish(absl::Status status) {
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
