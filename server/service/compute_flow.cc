#include <memory>
#include <optional>
#include <utility>

#include "server/service/call_scope.h"
#include "server/service/correspondence_service.h"
#include "server/service/flow_chunker.h"
#include "server/service/match_call.h"
#include "server/service/response_messages.h"
#include "server/service/status_conversion.h"

namespace nemf {
namespace {

// Waits for the answer, then writes header, chunks and trailer, one outstanding write at a time: a
// slow reader stalls its own stream and nothing else.
//
// Owns itself, like the reactor of TransferKeypoints: until the answer came, the MatchCall is the
// only one to go on; after it, the completion of the one outstanding write is. A cancellation
// makes either come soon, and never finishes the call itself.
class ComputeFlowReactor final : public grpc::ServerWriteReactor<v1::ComputeFlowResponse> {
 public:
  ComputeFlowReactor(const ServiceEnvironment* environment, grpc::CallbackServerContext* context,
                     const v1::ComputeFlowRequest* request)
      : scope_(environment, "ComputeFlow", context),
        with_confidence_(request->with_confidence()),
        call_(std::make_shared<MatchCall>(
            environment,
            MatchRequest{.query = request->query(),
                         .reference = request->reference(),
                         .options = request->options(),
                         .model = request->model(),
                         .keypoints = nullptr,
                         .deadline = DeadlineOf(*context)},
            [this](absl::Status status) { OnAnswer(std::move(status)); })) {}

  void Start() {
    if (!scope_.admission().ok()) return OnAnswer(scope_.admission());
    // A copy, for the answer may come, and this object go, before the call's Start() returns.
    const std::shared_ptr<MatchCall> call = call_;
    call->Start();
  }

  void OnCancel() override { call_->Cancel(); }
  void OnDone() override { delete this; }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the client left before the end of the stream"));
    if (message_.has_trailer()) return End(absl::OkStatus());
    if (chunker_->done()) {
      *message_.mutable_trailer()->mutable_statistics() = ToStatistics(call_->answer());
    } else {
      *message_.mutable_chunk() = chunker_->Next();
    }
    StartWrite(&message_);
  }

 private:
  void OnAnswer(absl::Status status) {
    if (!status.ok()) return End(status);
    MatchAnswer& answer = call_->answer();
    chunker_.emplace(std::move(answer.result.matches), answer.query_size, with_confidence_);
    *message_.mutable_header() = ToFlowHeader(answer);
    StartWrite(&message_);
  }

  void End(const absl::Status& status) {
    scope_.Record(status, call_->answer());
    Finish(ToGrpcStatus(status));
  }

  const CallScope scope_;
  const bool with_confidence_;
  const std::shared_ptr<MatchCall> call_;
  std::optional<FlowChunker> chunker_;
  v1::ComputeFlowResponse message_;  // the one being written
};

}  // namespace

grpc::ServerWriteReactor<v1::ComputeFlowResponse>* CorrespondenceService::ComputeFlow(
    grpc::CallbackServerContext* context, const v1::ComputeFlowRequest* request) {
  auto* reactor = new ComputeFlowReactor(environment_, context, request);
  reactor->Start();
  return reactor;
}

}  // namespace nemf
