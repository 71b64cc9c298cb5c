#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/correspondence/unary_call.h"

namespace nemf {

grpc::ServerUnaryReactor* CorrespondenceService::SampleField(grpc::CallbackServerContext* context,
                                                             const v1::SampleFieldRequest* request,
                                                             v1::SampleFieldResponse* response) {
  // A field has no schedule.
  auto* call = new UnaryCall<v1::SampleFieldResponse>(
      environment_, "SampleField", context,
      MatchRequest{.query = request->query(),
                   .reference = request->reference(),
                   .options = v1::MatchOptions::default_instance(),
                   .model = request->model(),
                   .field = request},
      response, &ToFieldResponse);
  call->Start();
  return call;
}

}  // namespace nemf
