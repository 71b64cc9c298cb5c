#include "client/nemf/flow_assembler.h"

#include <limits>
#include <string>

#include "client/nemf/convert.h"

namespace nemf::client {
namespace {

bool IsSize(std::uint32_t value) { return value >= 1 && value <= std::numeric_limits<int>::max(); }

// Nothing where it is none of ours.
std::optional<FlowType> ToFlowType(v1::FlowType type) {
  switch (type) {
    case v1::FLOW_TYPE_UNSPECIFIED:
    case v1::FLOAT32:
      return FlowType::kFloat32;
    case v1::FLOAT16:
      return FlowType::kFloat16;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::optional<FlowBand>> FlowAssembler::Add(const v1::ComputeFlowResponse& message) {
  if (has_trailer_) return BrokenStream("a message after the trailer");
  if (!field_ && !message.has_header()) {
    return BrokenStream("the first message is not the header");
  }
  if (preview_builder_ && !message.has_preview()) {
    return BrokenStream("the preview of iteration " + std::to_string(preview_builder_->iteration) +
                        " is not complete");
  }
  Status status;
  switch (message.part_case()) {
    case v1::ComputeFlowResponse::kHeader:
      status = AddHeader(message.header());
      break;
    case v1::ComputeFlowResponse::kPreview:
      status = AddPreview(message.preview());
      break;
    case v1::ComputeFlowResponse::kChunk:
      return AddChunk(message.chunk());
    case v1::ComputeFlowResponse::kTrailer:
      status = AddTrailer(message.trailer());
      break;
    case v1::ComputeFlowResponse::PART_NOT_SET:
      break;  // a part that this client does not know yet
  }
  if (!status.ok()) return status;
  return std::optional<FlowBand>();
}

Status FlowAssembler::AddHeader(const v1::FlowHeader& header) {
  if (field_) return BrokenStream("two headers");
  if (!IsSize(header.width()) || !IsSize(header.height())) {
    return BrokenStream("a header for " + std::to_string(header.width()) + " x " +
                        std::to_string(header.height()) + " pixels");
  }
  const std::optional<FlowType> type = ToFlowType(header.type());
  if (!type) {
    return BrokenStream("a header for numbers of type " + std::to_string(header.type()) +
                        ", which this client does not know");
  }
  header_ = header;
  type_ = *type;
  field_.emplace(static_cast<int>(header.width()), static_cast<int>(header.height()), planes_,
                 type_);
  response_.reference_width = static_cast<int>(header.reference_width());
  response_.reference_height = static_cast<int>(header.reference_height());
  return Status();
}

Status FlowAssembler::AddPreview(const v1::FlowPreviewChunk& chunk) {
  if (field_->rows() > 0) return BrokenStream("a preview after the flow began");
  if (!preview_builder_) {
    preview_builder_ = {chunk.iteration(),
                        FieldBuilder(static_cast<int>(header_.width()),
                                     static_cast<int>(header_.height()), FlowPlanes(), type_)};
  }
  if (chunk.iteration() != preview_builder_->iteration) {
    return BrokenStream("rows of iteration " + std::to_string(chunk.iteration()) +
                        " came among those of " + std::to_string(preview_builder_->iteration));
  }
  const Result<FlowBand> band = preview_builder_->field.Add(chunk.chunk());
  if (!band.ok()) return band.status();
  if (preview_builder_->field.complete()) {
    preview_ = {preview_builder_->iteration, std::move(preview_builder_->field).Take()};
    preview_builder_.reset();
  }
  return Status();
}

Result<std::optional<FlowBand>> FlowAssembler::AddChunk(const v1::FlowChunk& chunk) {
  Result<FlowBand> band = field_->Add(chunk);
  if (!band.ok()) return band.status();
  return std::optional<FlowBand>(*band);
}

Status FlowAssembler::AddTrailer(const v1::FlowTrailer& trailer) {
  if (!field_->complete()) return BrokenStream("the trailer came after " + RowsSoFar());
  has_trailer_ = true;
  response_.statistics = FromProto(trailer.statistics());
  response_.forward_match_seconds = trailer.forward_match_seconds();
  response_.backward_match_seconds = trailer.backward_match_seconds();
  return Status();
}

std::string FlowAssembler::RowsSoFar() const {
  return std::to_string(field_->rows()) + " of " + std::to_string(header_.height()) + " rows";
}

Result<FlowResponse> FlowAssembler::Finish() && {
  if (!field_) return BrokenStream("it is empty");
  if (!has_trailer_) {
    return BrokenStream("it ended without a trailer after " + RowsSoFar());
  }
  response_.field = std::move(*field_).Take();
  return std::move(response_);
}

}  // namespace nemf::client
