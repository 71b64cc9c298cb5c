#ifndef NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_
#define NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_

#include <optional>

#include "nemf/status.h"
#include "nemf/types.h"
#include "nemf/v1/correspondence.pb.h"

namespace nemf::client {

// Puts the messages of one ComputeFlow stream together and holds them to the protocol: one header,
// bands of whole rows from top to bottom without a gap, one trailer. Memory grows with the rows
// that came, not with the size that the header promises.
class FlowAssembler {
 public:
  explicit FlowAssembler(bool with_confidence) : with_confidence_(with_confidence) {}

  // Takes the next message. The band that it held, or nothing for a header and a trailer; the band
  // is valid until the next call. kDataLoss: the message broke the protocol.
  Result<std::optional<FlowBand>> Add(const v1::ComputeFlowResponse& message);

  // The field, after the last message. kDataLoss: something is missing.
  Result<FlowResponse> Finish() &&;

 private:
  Status AddHeader(const v1::FlowHeader& header);
  Result<std::optional<FlowBand>> AddChunk(const v1::FlowChunk& chunk);
  Status AddTrailer(const v1::FlowTrailer& trailer);
  Status CheckChunk(const v1::FlowChunk& chunk) const;

  bool with_confidence_;
  FlowResponse response_;
  int rows_ = 0;  // rows that came
  bool has_header_ = false;
  bool has_trailer_ = false;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_
