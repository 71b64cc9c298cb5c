#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_SERVICE_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_SERVICE_H_

#include "nemf/v1/correspondence.grpc.pb.h"
#include "server/service/correspondence/service_environment.h"

namespace nemf {

// The Correspondence RPCs (see the proto). Each call is an object of its own (see CallReactor),
// used by gRPC's threads, the decoding threads and the service's executor. Nothing here blocks.
class CorrespondenceService final : public v1::Correspondence::CallbackService {
 public:
  // The environment outlives the service.
  explicit CorrespondenceService(const ServiceEnvironment* environment)
      : environment_(environment) {}

  grpc::ServerUnaryReactor* TransferKeypoints(grpc::CallbackServerContext* context,
                                              const v1::TransferKeypointsRequest* request,
                                              v1::TransferKeypointsResponse* response) override;

  grpc::ServerBidiReactor<v1::TransferKeypointsStreamRequest, v1::TransferKeypointsStreamResponse>*
  TransferKeypointsStream(grpc::CallbackServerContext* context) override;

  grpc::ServerWriteReactor<v1::ComputeFlowResponse>* ComputeFlow(
      grpc::CallbackServerContext* context, const v1::ComputeFlowRequest* request) override;

  grpc::ServerUnaryReactor* SampleField(grpc::CallbackServerContext* context,
                                        const v1::SampleFieldRequest* request,
                                        v1::SampleFieldResponse* response) override;

 private:
  const ServiceEnvironment* environment_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_CORRESPONDENCE_SERVICE_H_
