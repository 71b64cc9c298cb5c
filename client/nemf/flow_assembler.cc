#include "client/nemf/flow_assembler.h"

#include <cstddef>
#include <limits>

#include "client/nemf/convert.h"
#include "client/nemf/wire_floats.h"

namespace nemf::client {
namespace {

// The wire's (dx, dy) pairs are copied as they are.
static_assert(sizeof(Displacement) == 2 * sizeof(float));

Status BrokenStream(const std::string& what) {
  return Status(Code::kDataLoss, "the server's flow stream is broken: " + what);
}

bool IsSize(std::uint32_t value) { return value >= 1 && value <= std::numeric_limits<int>::max(); }

// Returns nullopt for a type that this client does not support.
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

FieldBuilder::FieldBuilder(int width, int height, FlowPlanes planes, FlowType type)
    : planes_(planes), type_(type) {
  field_.width = width;
  field_.height = height;
}

Status FieldBuilder::CheckSize(const std::string& bytes, std::uint32_t rows, int numbers,
                               const char* plane) const {
  const std::size_t number_bytes = type_ == FlowType::kFloat16 ? 2 : sizeof(float);
  const std::size_t row_bytes = number_bytes * numbers * field_.width;
  // Division instead of multiplication by `rows`, which might overflow.
  const bool fits = row_bytes == 0
                        ? bytes.empty()
                        : bytes.size() % row_bytes == 0 && bytes.size() / row_bytes == rows;
  if (fits) return Status();
  return BrokenStream(std::to_string(bytes.size()) + " bytes of " + plane + " for " +
                      std::to_string(rows) + " rows");
}

Status FieldBuilder::Check(const v1::FlowChunk& chunk) const {
  if (chunk.first_row() != static_cast<std::uint32_t>(rows_)) {
    return BrokenStream("rows from " + std::to_string(chunk.first_row()) + " came where row " +
                        std::to_string(rows_) + " was next");
  }
  if (chunk.rows() > static_cast<std::uint32_t>(field_.height - rows_)) {
    return BrokenStream("more rows than the header's " + std::to_string(field_.height));
  }
  Status status = CheckSize(chunk.flow(), chunk.rows(), 2, "flow");
  if (!status.ok()) return status;
  status = CheckSize(chunk.confidence(), chunk.rows(), planes_.confidence ? 1 : 0, "confidence");
  if (!status.ok()) return status;
  return CheckSize(chunk.consistency(), chunk.rows(), planes_.consistency ? 1 : 0, "consistency");
}

template <typename T>
std::span<const T> FieldBuilder::Append(const std::string& bytes, std::vector<T>* items) const {
  return type_ == FlowType::kFloat16 ? AppendHalfItems(bytes, items) : AppendItems(bytes, items);
}

Result<FlowBand> FieldBuilder::Add(const v1::FlowChunk& chunk) {
  if (Status status = Check(chunk); !status.ok()) return status;
  FlowBand band;
  band.width = field_.width;
  band.height = field_.height;
  band.first_row = rows_;
  band.rows = static_cast<int>(chunk.rows());
  band.flow = Append(chunk.flow(), &field_.flow);
  band.confidence = Append(chunk.confidence(), &field_.confidence);
  band.consistency = Append(chunk.consistency(), &field_.consistency);
  rows_ += band.rows;
  return band;
}

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
      break;  // a part of a newer protocol is ignored
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
