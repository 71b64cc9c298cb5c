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

absl::StatusOr<Job> MatchCall::MakeJob() {
  const RequestLimits& limits = environment_.limits;
  if (absl::Status status = CheckWanted(); !status.ok()) return status;

  // What is cheap to refuse is refused before any image is decoded.
  Job job;
  absl::StatusOr<MatchOptions> options = ToMatchOptions(request_.options, limits);
  if (!options.ok()) return options.status();
  job.options = *options;
  if (request_.keypoints != nullptr) {
    absl::StatusOr<std::vector<Point>> keypoints = ToKeypoints(*request_.keypoints, limits);
    if (!keypoints.ok()) return keypoints.status();
    answer_.keypoints = *std::move(keypoints);
  }
  absl::StatusOr<ServedModel> model =
      environment_.find_model(request_.model.name(), request_.model.version());
  if (!model.ok()) return model.status();
  answer_.model = *std::move(model);

  const absl::Time start = environment_.clock->Now();
  auto pair = std::make_shared<ImagePair>();
  absl::StatusOr<Image> query = DecodeImage(request_.query, limits, "query");
  if (!query.ok()) return query.status();
  pair->query = *std::move(query);
  answer_.query_size = pair->query.size;
  if (absl::Status status = CheckInside(answer_.keypoints, pair->query.size); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckWanted(); !status.ok()) return status;
  absl::StatusOr<Image> reference = DecodeImage(request_.reference, limits, "reference");
  if (!reference.ok()) return reference.status();
  pair->reference = *std::move(reference);
  answer_.reference_size = pair->reference.size;
  answer_.decode_time = environment_.clock->Now() - start;

  job.kind = request_.keypoints != nullptr ? JobKind::kKeypoints : JobKind::kFlow;
  job.pair = std::move(pair);
  job.keypoints = answer_.keypoints;
  job.deadline = request_.deadline;
  job.sink = shared_from_this();
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
