#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_RESPONSE_MESSAGES_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_RESPONSE_MESSAGES_H_

#include "nemf/v1/correspondence.pb.h"
#include "server/service/correspondence/correspondence_request.h"

// Converts domain types to response messages.
namespace nemf {

v1::Statistics ToStatistics(const MatchAnswer& answer);

// Requires one match for each of the answer's keypoints.
v1::TransferKeypointsResponse ToTransferResponse(const MatchAnswer& answer);

// Requires one match, and one cost, for each of the answer's nodes.
v1::SampleFieldResponse ToFieldResponse(const MatchAnswer& answer);

// `type`: FLOAT32 or FLOAT16.
v1::FlowHeader ToFlowHeader(const MatchAnswer& answer, v1::FlowType type);

v1::FlowTrailer ToFlowTrailer(const MatchAnswer& answer);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_RESPONSE_MESSAGES_H_
