#ifndef NEMF_CLIENT_NEMF_CONVERT_H_
#define NEMF_CLIENT_NEMF_CONVERT_H_

#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "nemf/status.h"
#include "nemf/types.h"
#include "nemf/v1/correspondence.pb.h"

// The public types as messages and back. Nothing is checked here: the server's rules are the rules.
namespace nemf::client {

v1::TransferKeypointsRequest ToProto(const KeypointRequest& request);
v1::ComputeFlowRequest ToProto(const FlowRequest& request);
v1::SampleFieldRequest ToProto(const FieldRequest& request);

// The answer to one pair of a stream; kDataLoss where it holds neither matches nor an error.
Result<KeypointResponse> FromProto(const v1::TransferKeypointsStreamResponse& response);
KeypointResponse FromProto(const v1::TransferKeypointsResponse& response);
// kDataLoss where the message has not one score and one cost for each node.
Result<FieldResponse> FromProto(const v1::SampleFieldResponse& response);
Statistics FromProto(const v1::Statistics& statistics);
Status FromGrpc(const grpc::Status& status);
// With the push-back in the trailers of the call, which has ended.
Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_CONVERT_H_
