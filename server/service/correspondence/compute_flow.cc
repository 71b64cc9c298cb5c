#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "grpcpp/grpcpp.h"
#include "server/service/correspondence/call_reactor.h"
#include "server/service/correspondence/correspondence_request.h"
#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/flow_chunker.h"
#include "server/service/correspondence/parse_request.h"
#include "server/service/correspondence/preview_queue.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/rpc/rpc_context.h"

namespace nemf {
namespace {

// Writes the header, the previews as they come and, once the answer is there, chunks and trailer:
// a slow reader stalls its own stream only.
class ComputeFlowReactor final
    : public CallReactor<grpc::ServerWriteReactor<v1::ComputeFlowResponse>,
                         v1::ComputeFlowResponse> {
 public:
  ComputeFlowReactor(const ServiceEnvironment* environment, grpc::CallbackServerContext* context,
                     const v1::ComputeFlowRequest& message)
      : rpc_(environment, "ComputeFlow", context),
        type_(message.type() == v1::FLOAT16 ? v1::FLOAT16 : v1::FLOAT32),
        with_confidence_(message.with_confidence()),
        request_(std::make_shared<CorrespondenceRequest>(
            environment, rpc_.header(), PairMessage(message),
            [this](absl::Status status) { OnAnswer(std::move(status)); },
            [this](FlowSnapshot preview) { OnPreview(std::move(preview)); })),
        previews_(environment->limits.max_preview_bytes) {}

  void Start(const v1::ComputeFlowRequest& message, const RequestLimits& limits) {
    if (!rpc_.admission().ok()) return OnAnswer(rpc_.admission());
    // A copy: the answer may come, and this object be destroyed, before Start() returns.
    const std::shared_ptr<CorrespondenceRequest> request = request_;
    request->Start(ParseFlow(message, limits));
  }

  void OnCancel() override { request_->Cancel(); }

  void OnWriteDone(bool ok) override {
    if (!ok) request_->Cancel();
    Handle([this, ok]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      writing_ = false;
      left_ = left_ || !ok;
    });
  }

 private:
  // One flow on its way out, cut into chunks.
  struct Preview {
    int iteration;
    FlowChunker chunker;
  };

  void OnPreview(FlowSnapshot preview) {
    Handle([this, &preview]()
               ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { previews_.Push(std::move(preview)); });
  }

  void OnAnswer(absl::Status status) {
    Handle([this, &status]()
               ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { answer_ = std::move(status); });
  }

  Steps Decide() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_) return {};
    if (answer_ && answer_->ok() && left_) {
      return {.finish = absl::CancelledError("the client left before the end of the stream")};
    }
    if (answer_ && (!answer_->ok() || message_.has_trailer())) return {.finish = *answer_};
    if (left_) return {};
    if (header_written_ && !preview_ && !previews_.empty()) {
      FlowSnapshot next = previews_.Pop();
      preview_ = {next.iteration,
                  FlowChunker(std::move(next.reference), request_->answer().query_size, type_)};
    }
    if (!answer_ && !preview_ && previews_.empty()) return {};
    return {.write = &message_};
  }

  void BeforeWrite() override {
    MatchAnswer& answer = request_->answer();
    if (!header_written_) {
      header_written_ = true;
      *message_.mutable_header() = ToFlowHeader(answer, type_);
    } else if (preview_) {
      message_.mutable_preview()->set_iteration(static_cast<std::uint32_t>(preview_->iteration));
      *message_.mutable_preview()->mutable_chunk() = preview_->chunker.Next();
      if (preview_->chunker.done()) preview_.reset();
    } else {
      FillOfAnswer(answer);
    }
  }

  void BeforeFinish(const absl::Status& status) override {
    rpc_.Record(status, request_->answer().cost());
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
    FlowPlanes planes{.type = type_, .confidence = with_confidence_};
    if (answer.backward) {
      planes.backward = {std::move(answer.backward->matches), answer.reference_size};
    }
    return FlowChunker(std::move(answer.result.matches), answer.query_size, std::move(planes));
  }

  const RpcContext rpc_;
  const v1::FlowType type_;
  const bool with_confidence_;
  const std::shared_ptr<CorrespondenceRequest> request_;

  PreviewQueue previews_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> answer_ ABSL_GUARDED_BY(mutex_);
  bool left_ ABSL_GUARDED_BY(mutex_) = false;  // the client takes no more messages

  // Used by the thread that decided on the outstanding write, until it is done.
  bool header_written_ = false;
  std::optional<Preview> preview_;      // the one being written
  std::optional<FlowChunker> chunker_;  // of the answer
  v1::ComputeFlowResponse message_;     // the one being written
};

}  // namespace

grpc::ServerWriteReactor<v1::ComputeFlowResponse>* CorrespondenceService::ComputeFlow(
    grpc::CallbackServerContext* context, const v1::ComputeFlowRequest* request) {
  auto* reactor = new ComputeFlowReactor(environment_, context, *request);
  reactor->Start(*request, environment_->limits);
  return reactor;
}

}  // namespace nemf
