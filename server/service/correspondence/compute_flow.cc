#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/service/correspondence/correspondence_request.h"
#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/flow_chunker.h"
#include "server/service/correspondence/preview_queue.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/rpc/rpc_context.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {
namespace {

// Writes the header, the previews as they come and, once the answer is there, chunks and trailer,
// one outstanding write at a time: a slow reader stalls its own stream and nothing else.
//
// Owns itself: gRPC calls OnDone() last, and only after Finish(). Finish() is called once, by
// whoever finds the answer there and no write outstanding. Each event changes the state and decides
// on the next step under one lock, and takes it outside it; a write that is decided but not yet
// started is outstanding, so no other thread can finish the call meanwhile. A cancellation makes
// the answer come soon, and never finishes the call itself.
class ComputeFlowReactor final : public grpc::ServerWriteReactor<v1::ComputeFlowResponse> {
 public:
  ComputeFlowReactor(const ServiceEnvironment* environment, grpc::CallbackServerContext* context,
                     const v1::ComputeFlowRequest* request)
      : scope_(environment, "ComputeFlow", context),
        with_confidence_(request->with_confidence()),
        call_(std::make_shared<CorrespondenceRequest>(
            environment,
            MatchRequest{.query = request->query(),
                         .reference = request->reference(),
                         .options = request->options(),
                         .model = request->model(),
                         .flow = request,
                         .client = scope_.client(),
                         .priority = scope_.priority(),
                         .deadline = DeadlineOf(*context)},
            [this](absl::Status status) { OnAnswer(std::move(status)); },
            [this](FlowSnapshot preview) { OnPreview(std::move(preview)); })),
        previews_(environment->limits.max_preview_bytes) {}

  void Start() {
    if (!scope_.admission().ok()) return OnAnswer(scope_.admission());
    // A copy, for the answer may come, and this object go, before the call's Start() returns.
    const std::shared_ptr<CorrespondenceRequest> call = call_;
    call->Start();
  }

  void OnCancel() override { call_->Cancel(); }
  void OnDone() override { delete this; }

  void OnWriteDone(bool ok) override {
    if (!ok) call_->Cancel();
    Step step;
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) left_ = true;
      step = Decide();
    }
    Take(step);
  }

 private:
  enum class Step { kWait, kWrite, kRefine };

  // One flow on its way out, cut into chunks.
  struct Preview {
    int iteration;
    FlowChunker chunker;
  };

  void OnPreview(FlowSnapshot preview) {
    Step step;
    {
      absl::MutexLock lock(&mutex_);
      previews_.Push(std::move(preview));
      step = Decide();
    }
    Take(step);
  }

  void OnAnswer(absl::Status status) {
    Step step;
    {
      absl::MutexLock lock(&mutex_);
      answer_ = std::move(status);
      step = Decide();
    }
    Take(step);
  }

  Step Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_) return Step::kWait;
    const bool nothing_left = left_ || message_.has_trailer();
    if (answer_ && (!answer_->ok() || nothing_left)) {
      finished_ = true;
      return Step::kRefine;
    }
    if (left_) return Step::kWait;
    if (header_written_ && !preview_ && !previews_.empty()) {
      FlowSnapshot next = previews_.Pop();
      preview_ = {next.iteration, FlowChunker(std::move(next.reference), call_->answer().query_size,
                                              call_->answer().flow_type)};
    }
    if (!answer_ && !preview_ && previews_.empty()) return Step::kWait;
    writing_ = true;
    return Step::kWrite;
  }

  // Touches nothing of this after the step, which may be the end of it.
  void Take(Step step) {
    if (step == Step::kRefine) return End();
    if (step == Step::kWait) return;
    FillMessage();
    StartWrite(&message_);
  }

  void FillMessage() {
    MatchAnswer& answer = call_->answer();
    if (!header_written_) {
      header_written_ = true;
      *message_.mutable_header() = ToFlowHeader(answer);
    } else if (preview_) {
      message_.mutable_preview()->set_iteration(static_cast<std::uint32_t>(preview_->iteration));
      *message_.mutable_preview()->mutable_chunk() = preview_->chunker.Next();
      if (preview_->chunker.done()) preview_.reset();
    } else {
      FillOfAnswer(answer);
    }
  }

  void FillOfAnswer(MatchAnswer& answer) {
    if (!chunker_) chunker_.emplace(ChunkerOf(answer));
    if (chunker_->done()) {
      *message_.mutable_trailer() = ToFlowTrailer(answer);
    } else {
      *message_.mutable_chunk() = chunker_->Next();
    }
  }

  // Takes the answer's matches.
  FlowChunker ChunkerOf(MatchAnswer& answer) const {
    FlowPlanes planes{.type = answer.flow_type, .confidence = with_confidence_};
    if (answer.backward) {
      planes.backward = {std::move(answer.backward->matches), answer.reference_size};
    }
    return FlowChunker(std::move(answer.result.matches), answer.query_size, std::move(planes));
  }

  void End() {
    absl::Status status;
    {
      absl::MutexLock lock(&mutex_);
      status = *answer_;
      if (status.ok() && left_) {
        status = absl::CancelledError("the client left before the end of the stream");
      }
    }
    scope_.Record(status, call_->answer().cost());
    Finish(ToGrpcStatus(status));
  }

  const RpcContext scope_;
  const bool with_confidence_;
  const std::shared_ptr<CorrespondenceRequest> call_;

  absl::Mutex mutex_;
  PreviewQueue previews_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> answer_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool left_ ABSL_GUARDED_BY(mutex_) = false;  // the client takes nothing any more
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;

  // Of whoever decided on the write, until it is done.
  bool header_written_ = false;
  std::optional<Preview> preview_;      // the one being written
  std::optional<FlowChunker> chunker_;  // of the answer
  v1::ComputeFlowResponse message_;     // the one being written
};

}  // namespace

grpc::ServerWriteReactor<v1::ComputeFlowResponse>* CorrespondenceService::ComputeFlow(
    grpc::CallbackServerContext* context, const v1::ComputeFlowRequest* request) {
  auto* reactor = new ComputeFlowReactor(environment_, context, request);
  reactor->Start();
  return reactor;
}

}  // namespace nemf
