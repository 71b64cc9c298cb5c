#include <memory>
#include <utility>

#include "server/service/call_scope.h"
#include "server/service/correspondence_service.h"
#include "server/service/match_call.h"
#include "server/service/response_messages.h"
#include "server/service/status_conversion.h"

namespace nemf {
namespace {

// Owns itself: gRPC calls OnDone() last, and only after Finish(). Finish() is called once, by the
// one answer that the MatchCall gives, so no other thread can hold a stale pointer to this.
class TransferKeypointsReactor final : public grpc::ServerUnaryReactor {
 public:
  TransferKeypointsReactor(const ServiceEnvironment* environment,
                           grpc::CallbackServerContext* context,
                           const v1::TransferKeypointsRequest* request,
                           v1::TransferKeypointsResponse* response)
      : scope_(environment, "TransferKeypoints", context),
        response_(response),
        call_(std::make_shared<MatchCall>(
            environment,
            MatchRequest{.query = request->query(),
                         .reference = request->reference(),
                         .options = request->options(),
                         .model = request->model(),
                         .keypoints = &request->keypoints(),
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

 private:
  void OnAnswer(absl::Status status) {
    if (status.ok()) *response_ = ToTransferResponse(call_->answer());
    scope_.Record(status, call_->answer());
    Finish(ToGrpcStatus(status));
  }

  const CallScope scope_;
  v1::TransferKeypointsResponse* const response_;
  const std::shared_ptr<MatchCall> call_;
};

}  // namespace

grpc::ServerUnaryReactor* CorrespondenceService::TransferKeypoints(
    grpc::CallbackServerContext* context, const v1::TransferKeypointsRequest* request,
    v1::TransferKeypointsResponse* response) {
  auto* reactor = new TransferKeypointsReactor(environment_, context, request, response);
  reactor->Start();
  return reactor;
}

}  // namespace nemf
