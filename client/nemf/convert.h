#ifndef NEMF_CLIENT_NEMF_CONVERT_H_
#define NEMF_CLIENT_NEMF_CONVERT_H_

#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "nemf/status.h"
#include "nemf/types.h"
#include "nemf/v1/correspondence.pb.h"

// Conversion between the public types and the messages. Requests are not validated here: the server
// validates them.
namespace nemf::client {

v1::TransferKeypointsRequest ToProto(const KeypointRequest& request);
v1::ComputeFlowRequest ToProto(const FlowRequest& request);
v1::SampleFieldRequest ToProto(const FieldRequest& request);

// Converts the answer to one pair of a stream. Returns kDataLoss if it has neither matches nor an
// error.
Result<KeypointResponse> FromProto(const v1::TransferKeypointsStreamResponse& response);
KeypointResponse FromProto(const v1::TransferKeypointsResponse& response);
// Returns kDataLoss unless the message has one score and one cost for each sample of the grid.
Result<FieldResponse> FromProto(const v1::SampleFieldResponse& response);
Statistics FromProto(const v1::Statistics& statistics);
Status FromGrpc(const grpc::Status& status);
// As above, with the push-back from the trailers. Requires that the call has ended.
Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_CONVERT_H_
