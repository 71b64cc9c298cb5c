#ifndef NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_
#define NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nemf/flow_field.h"
#include "nemf/status.h"
#include "nemf/types.h"
#include "nemf/v1/correspondence.pb.h"

namespace nemf::client {

// The planes of a field beside the flow.
struct FlowPlanes {
  bool confidence = false;
  bool consistency = false;
};

// Builds one field from its chunks: whole rows from top to bottom, without a gap. Memory grows with
// the rows that have arrived, not with the size in the header.
class FieldBuilder {
 public:
  // Requires `width` and `height` >= 1. `type` is the number format of the chunks.
  FieldBuilder(int width, int height, FlowPlanes planes, FlowType type);

  // Appends the next rows. The returned band is valid until the next call. Returns kDataLoss if the
  // chunk does not continue the field or has the wrong size.
  Result<FlowBand> Add(const v1::FlowChunk& chunk);

  int rows() const { return rows_; }  // that have arrived
  bool complete() const { return rows_ == field_.height; }
  FlowField Take() && { return std::move(field_); }

 private:
  Status Check(const v1::FlowChunk& chunk) const;
  // Returns kDataLoss unless `bytes` holds `numbers` numbers for each pixel of `rows` rows.
  Status CheckSize(const std::string& bytes, std::uint32_t rows, int numbers,
                   const char* plane) const;
  // Appends the decoded items of `bytes` and returns a view of them.
  template <typename T>
  std::span<const T> Append(const std::string& bytes, std::vector<T>* items) const;

  FlowPlanes planes_;
  FlowType type_;
  FlowField field_;
  int rows_ = 0;
};

// Assembles the messages of one ComputeFlow stream and enforces its protocol: one header, any
// number of complete previews, chunks of whole rows from top to bottom without a gap, one trailer.
class FlowAssembler {
 public:
  // `planes` are the requested planes of the flow. Previews have none.
  explicit FlowAssembler(FlowPlanes planes) : planes_(planes) {}

  // Adds the next message. Returns the band if the message was a chunk, otherwise nullopt. The band
  // is valid until the next call. Returns kDataLoss if the message breaks the protocol.
  Result<std::optional<FlowBand>> Add(const v1::ComputeFlowResponse& message);

  // Returns the preview that the last message completed, or nullopt.
  std::optional<FlowPreview> TakePreview() { return std::exchange(preview_, std::nullopt); }

  // Returns the whole flow. Call it after the last message. Returns kDataLoss if rows or the
  // trailer are missing.
  Result<FlowResponse> Finish() &&;

 private:
  Status AddHeader(const v1::FlowHeader& header);
  Status AddPreview(const v1::FlowPreviewChunk& chunk);
  Result<std::optional<FlowBand>> AddChunk(const v1::FlowChunk& chunk);
  Status AddTrailer(const v1::FlowTrailer& trailer);
  // Returns "17 of 40 rows".
  std::string RowsSoFar() const;

  // A preview that is still arriving.
  struct PreviewBuilder {
    std::uint32_t iteration;
    FieldBuilder field;
  };

  const FlowPlanes planes_;
  FlowResponse response_;  // without its field
  v1::FlowHeader header_;
  FlowType type_ = FlowType::kFloat32;  // the header's
  std::optional<FieldBuilder> field_;   // set by the header
  std::optional<PreviewBuilder> preview_builder_;
  std::optional<FlowPreview> preview_;
  bool has_trailer_ = false;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_FLOW_ASSEMBLER_H_
