#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/correspondence/unary_call.h"

namespace nemf {

grpc::ServerUnaryReactor* CorrespondenceService::TransferKeypoints(
    grpc::CallbackServerContext* context, const v1::TransferKeypointsRequest* request,
    v1::TransferKeypointsResponse* response) {
  auto* call =
      new UnaryCall<v1::TransferKeypointsResponse>(environment_, "TransferKeypoints", context,
                                                   MatchRequest{.query = request->query(),
                                                                .reference = request->reference(),
                                                                .options = request->options(),
                                                                .model = request->model(),
                                                                .keypoints = &request->keypoints()},
                                                   response, &ToTransferResponse);
  call->Start();
  return call;
}

}  // namespace nemf
