#include "server/service/correspondence/correspondence_request.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "server/service/correspondence/parse_request.h"
#include "server/service/images/image_source.h"

namespace nemf {
namespace {

// A client whose deadline passed cancels its call. The server counts the deadline from the
// request's arrival, so this cancellation may come a little before it.
const absl::Duration kDeadlineSlack = absl::Milliseconds(50);

std::int64_t BytesOf(const v1::Image& image) {
  return static_cast<std::int64_t>(image.encoded().size() + image.raw().data().size());
}

// Returns the bytes that the previews of a flow may hold: PreviewQueue bounds them, but keeps one.
std::int64_t PreviewBytes(const JobSpec& spec, ImageSize query, std::int64_t max_bytes) {
  const auto* flow = std::get_if<FlowSpec>(&spec);
  if (flow == nullptr) return 0;
  const std::int64_t one = std::int64_t{sizeof(Point)} * query.width * query.height;
  const auto all = one * static_cast<std::int64_t>(flow->snapshots.size());
  return std::min(all, std::max(one, max_bytes));
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
  CallCost cost{.decode_time = decode_time, .job = statistics()};
  if (!model.name.empty()) cost.model = absl::StrCat(model.name, "/", model.version);
  return cost;
}

// Passes the answers of one job on to the service's executor.
class CorrespondenceRequest::Sink final : public JobSink {
 public:
  Sink(std::shared_ptr<CorrespondenceRequest> request, bool is_backward)
      : request_(std::move(request)), is_backward_(is_backward) {}

  void OnDone(absl::StatusOr<JobResult> result) override {
    request_->environment_.completions->Run(
        [request = request_, is_backward = is_backward_, result = std::move(result)]() mutable {
          request->Complete(is_backward, std::move(result));
        });
  }

  void OnSnapshot(FlowSnapshot snapshot) override {
    request_->environment_.completions->Run(
        [request = request_, snapshot = std::move(snapshot)]() mutable {
          request->on_preview_(std::move(snapshot));
        });
  }

 private:
  const std::shared_ptr<CorrespondenceRequest> request_;
  const bool is_backward_;
};

void CorrespondenceRequest::Start(absl::StatusOr<JobSpec> spec) {
  absl::Status status = CheckWanted();
  status.Update(spec.status());
  if (status.ok()) {
    answer_.spec = *std::move(spec);
    status = Reserve();
  }
  if (!status.ok()) Finish(std::move(status));
}

absl::Status CorrespondenceRequest::Reserve() {
  const auto priority = ToPriority(header_.priority, KindOf(answer_.spec));
  NEMF_RETURN_IF_ERROR(priority.status());
  auto model = environment_.find_model(message_.model.name(), message_.model.version());
  NEMF_RETURN_IF_ERROR(model.status());
  answer_.model = *std::move(model);
  const RequestLimits& limits = environment_.limits;
  auto query = CheckImage(ToImageSource(message_.query), limits, "query");
  NEMF_RETURN_IF_ERROR(query.status());
  auto reference = CheckImage(ToImageSource(message_.reference), limits, "reference");
  NEMF_RETURN_IF_ERROR(reference.status());

  JobRequest request;
  request.spec = answer_.spec;
  request.query = query->size;
  request.reference = reference->size;
  request.other_bytes = BytesOf(message_.query) + BytesOf(message_.reference) +
                        PreviewBytes(request.spec, query->size, limits.max_preview_bytes);
  request.deadline = header_.deadline;
  request.priority = *priority;
  request.client = header_.client;
  auto ticket = answer_.model.scheduler->Reserve(std::move(request), [&] {
    return PairDigestOf(DigestOf(query->source), DigestOf(reference->source));
  });
  NEMF_RETURN_IF_ERROR(ticket.status());
  ticket_ = *std::move(ticket);

  DecodePair(
      environment_.decoding, *std::move(query), *std::move(reference),
      [this] { return CheckWanted(); },
      [self = shared_from_this(),
       start = environment_.clock->Now()](absl::StatusOr<DecodedPair> decoded) {
        self->answer_.decode_time = self->environment_.clock->Now() - start;
        self->Submit(std::move(decoded));
      });
  return absl::OkStatus();
}

void CorrespondenceRequest::Submit(absl::StatusOr<DecodedPair> decoded) {
  if (!decoded.ok()) return Finish(decoded.status());
  const ImagePair& pair = decoded->pair;
  answer_.query_size = pair.query->size;
  answer_.reference_size = pair.reference->size;
  absl::Status status = CheckInside(answer_.spec, answer_.query_size);
  status.Update(CheckWanted());
  if (!status.ok()) return Finish(std::move(status));

  JobTicket forward = *std::exchange(ticket_, std::nullopt);
  const auto* flow = std::get_if<FlowSpec>(&answer_.spec);
  const bool both_ways = flow != nullptr && flow->both_ways;
  std::optional<JobTicket> backward;
  if (both_ways) backward = forward.TakeBackward();
  jobs_left_ = both_ways ? 2 : 1;
  // An answer may come before Submit() returns: from here on answer_ is the executor's.
  const std::shared_ptr<Scheduler> scheduler = answer_.model.scheduler;
  const auto self = shared_from_this();
  cancellation_.Attach(scheduler->Submit(std::move(forward), pair, decoded->digest,
                                         std::make_shared<Sink>(self, /*is_backward=*/false)));
  if (!backward) return;
  cancellation_.Attach(scheduler->Submit(*std::move(backward), {pair.reference, pair.query},
                                         decoded->reversed,
                                         std::make_shared<Sink>(self, /*is_backward=*/true)));
}

void CorrespondenceRequest::Complete(bool is_backward, absl::StatusOr<JobResult> result) {
  const absl::Status status = result.status();
  first_error_.Update(status);
  if (status.ok()) {
    (is_backward ? answer_.backward.emplace() : answer_.result) = *std::move(result);
  }
  if (--jobs_left_ == 0) return Finish(first_error_);
  if (!status.ok()) cancellation_.Cancel();
}

absl::Status CorrespondenceRequest::CheckWanted() const {
  if (environment_.clock->Now() >= header_.deadline) {
    return absl::DeadlineExceededError("the request's deadline passed");
  }
  if (cancellation_.cancelled()) return absl::CancelledError("cancelled by the client");
  return absl::OkStatus();
}

void CorrespondenceRequest::Finish(absl::Status status) {
  cancellation_.Detach();
  ticket_.reset();
  answer_.model.scheduler = nullptr;  // The answer may be kept for long, the model must not.
  // gRPC cancels a call at its deadline; DEADLINE_EXCEEDED is the better code for that.
  if (absl::IsCancelled(status) && environment_.clock->Now() + kDeadlineSlack >= header_.deadline) {
    status = absl::DeadlineExceededError("the request's deadline passed");
  }
  done_(std::move(status));
}

}  // namespace nemf
