#ifndef NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_
#define NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "client/nemf/field_builder.h"
#include "nemf/status.h"
#include "nemf/types.h"
#include "nemf/v1/correspondence.pb.h"

namespace nemf::client {

// Puts the messages of one ComputeFlow stream together and holds them to the protocol: one header,
// any number of whole previews, bands of whole rows from top to bottom without a gap, one trailer.
class FlowAssembler {
 public:
  // `planes`: what was asked for, of the flow itself; previews have none.
  explicit FlowAssembler(FlowPlanes planes) : planes_(planes) {}

  // Takes the next message. The band of the answer that it held, or nothing for other messages; the
  // band is valid until the next call. kDataLoss: the message broke the protocol.
  Result<std::optional<FlowBand>> Add(const v1::ComputeFlowResponse& message);

  // The preview that the last message completed, if it did.
  std::optional<FlowPreview> TakePreview() { return std::exchange(preview_, std::nullopt); }

  // The field, after the last message. kDataLoss: something is missing.
  Result<FlowResponse> Finish() &&;

 private:
  Status AddHeader(const v1::FlowHeader& header);
  Status AddPreview(const v1::FlowPreviewChunk& chunk);
  Result<std::optional<FlowBand>> AddChunk(const v1::FlowChunk& chunk);
  Status AddTrailer(const v1::FlowTrailer& trailer);
  // "17 of 40 rows".
  std::string RowsSoFar() const;

  // A preview of which rows are missing.
  struct PreviewBuilder {
    std::uint32_t iteration;
    FieldBuilder field;
  };

  const FlowPlanes planes_;
  FlowResponse response_;  // without its field
  v1::FlowHeader header_;
  FlowType type_ = FlowType::kFloat32;  // the header's
  std::optional<FieldBuilder> field_;   // from the header on
  std::optional<PreviewBuilder> preview_builder_;
  std::optional<FlowPreview> preview_;
  bool has_trailer_ = false;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_
