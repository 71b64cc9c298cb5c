#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_UNARY_CALL_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_UNARY_CALL_H_

#include <memory>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "server/service/correspondence/correspondence_request.h"
#include "server/service/rpc/rpc_context.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {

// A call with one answer. Owns itself: gRPC calls OnDone() last, and only after Finish(). Finish()
// is called once, by the one answer that the CorrespondenceRequest gives, so no other thread can
// hold a stale pointer to this.
template <typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // `request` without client, priority and deadline, which are the context's.
  UnaryCall(const ServiceEnvironment* environment, const char* method,
            grpc::CallbackServerContext* context, MatchRequest request, Response* response,
            Response (*to_response)(const MatchAnswer&))
      : scope_(environment, method, context), response_(response), to_response_(to_response) {
    request.client = scope_.client();
    request.priority = scope_.priority();
    request.deadline = DeadlineOf(*context);
    call_ = std::make_shared<CorrespondenceRequest>(
        environment, std::move(request),
        [this](absl::Status status) { OnAnswer(std::move(status)); });
  }

  void Start() {
    if (!scope_.admission().ok()) return OnAnswer(scope_.admission());
    // A copy, for the answer may come, and this object go, before the call's Start() returns.
    const std::shared_ptr<CorrespondenceRequest> call = call_;
    call->Start();
  }

  void OnCancel() override { call_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  void OnAnswer(absl::Status status) {
    if (status.ok()) *response_ = to_response_(call_->answer());
    scope_.Record(status, call_->answer().cost());
    Finish(ToGrpcStatus(status));
  }

  const RpcContext scope_;
  Response* const response_;
  Response (*const to_response_)(const MatchAnswer&);
  std::shared_ptr<CorrespondenceRequest> call_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_UNARY_CALL_H_
