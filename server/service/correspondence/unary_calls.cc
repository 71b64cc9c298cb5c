#include <memory>
#include <optional>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "server/service/correspondence/call_reactor.h"
#include "server/service/correspondence/correspondence_request.h"
#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/parse_request.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/rpc/rpc_context.h"

namespace nemf {
namespace {

// A call with one answer.
template <typename Response>
class UnaryCall final : public CallReactor<grpc::ServerUnaryReactor, Response> {
 public:
  template <typename Request>
  UnaryCall(const ServiceEnvironment* environment, const char* method,
            grpc::CallbackServerContext* context, const Request& message, Response* response,
            Response (*to_response)(const MatchAnswer&))
      : rpc_(environment, method, context),
        response_(response),
        to_response_(to_response),
        request_(std::make_shared<CorrespondenceRequest>(
            environment, rpc_.header(), PairMessage(message),
            [this](absl::Status status) { OnAnswer(std::move(status)); })) {}

  // `parse` is called if the call may be served.
  template <typename Parse>
  void Start(Parse parse) {
    if (!rpc_.admission().ok()) return OnAnswer(rpc_.admission());
    // A copy: the answer may come, and this object be destroyed, before Start() returns.
    const std::shared_ptr<CorrespondenceRequest> request = request_;
    request->Start(parse());
  }

  void OnCancel() override { request_->Cancel(); }

 private:
  using Steps = typename CallReactor<grpc::ServerUnaryReactor, Response>::Steps;

  void OnAnswer(absl::Status status) {
    this->Handle([this, &status]()
                     ABSL_EXCLUSIVE_LOCKS_REQUIRED(this->mutex_) { answer_ = std::move(status); });
  }
  Steps Decide() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(this->mutex_) {
    return {.finish = answer_};
  }
  void BeforeFinish(const absl::Status& status) override {
    if (status.ok()) *response_ = to_response_(request_->answer());
    rpc_.Record(status, request_->answer().cost());
  }

  const RpcContext rpc_;
  Response* const response_;
  Response (*const to_response_)(const MatchAnswer&);
  const std::shared_ptr<CorrespondenceRequest> request_;
  std::optional<absl::Status> answer_ ABSL_GUARDED_BY(this->mutex_);
};

}  // namespace

grpc::ServerUnaryReactor* CorrespondenceService::TransferKeypoints(
    grpc::CallbackServerContext* context, const v1::TransferKeypointsRequest* request,
    v1::TransferKeypointsResponse* response) {
  auto* call = new UnaryCall<v1::TransferKeypointsResponse>(
      environment_, "TransferKeypoints", context, *request, response, &ToTransferResponse);
  call->Start([&] { return ParseTransfer(*request, environment_->limits); });
  return call;
}

grpc::ServerUnaryReactor* CorrespondenceService::SampleField(grpc::CallbackServerContext* context,
                                                             const v1::SampleFieldRequest* request,
                                                             v1::SampleFieldResponse* response) {
  auto* call = new UnaryCall<v1::SampleFieldResponse>(environment_, "SampleField", context,
                                                      *request, response, &ToFieldResponse);
  call->Start([&] { return ParseField(*request, environment_->limits); });
  return call;
}

}  // namespace nemf
