#include "client/nemf/flow_assembler.h"

#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "client/nemf/convert.h"

namespace nemf::client {
namespace {

static_assert(std::endian::native == std::endian::little, "the wire's floats are little endian");
static_assert(sizeof(Displacement) == 2 * sizeof(float));

Status Broken(const std::string& what) {
  return Status(Code::kDataLoss, "the server's flow stream is broken: " + what);
}

bool IsSize(std::uint32_t value) { return value >= 1 && value <= std::numeric_limits<int>::max(); }

// Whether `bytes` is exactly rows * width * item_size, without overflow.
bool HasSize(const std::string& bytes, std::size_t rows, std::size_t width, std::size_t item_size) {
  const std::size_t row_bytes = width * item_size;
  return bytes.size() % row_bytes == 0 && bytes.size() / row_bytes == rows;
}

// Appends the items that `bytes` holds and returns a view of them.
template <typename T>
std::span<const T> Append(const std::string& bytes, std::vector<T>* items) {
  const std::size_t old_size = items->size();
  const std::size_t count = bytes.size() / sizeof(T);
  items->resize(old_size + count);
  if (count > 0) std::memcpy(items->data() + old_size, bytes.data(), count * sizeof(T));
  return {items->data() + old_size, count};
}

}  // namespace

Result<std::optional<FlowBand>> FlowAssembler::Add(const v1::ComputeFlowResponse& message) {
  if (has_trailer_) return Broken("a message after the trailer");
  if (!has_header_ && !message.has_header()) return Broken("the first message is not the header");
  Status status;
  switch (message.part_case()) {
    case v1::ComputeFlowResponse::kHeader:
      status = AddHeader(message.header());
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
  if (has_header_) return Broken("two headers");
  if (!IsSize(header.width()) || !IsSize(header.height())) {
    return Broken("a header for " + std::to_string(header.width()) + " x " +
                  std::to_string(header.height()) + " pixels");
  }
  has_header_ = true;
  response_.field.width = static_cast<int>(header.width());
  response_.field.height = static_cast<int>(header.height());
  response_.reference_width = static_cast<int>(header.reference_width());
  response_.reference_height = static_cast<int>(header.reference_height());
  return Status();
}

Status FlowAssembler::CheckChunk(const v1::FlowChunk& chunk) const {
  const FlowField& field = response_.field;
  if (chunk.first_row() != static_cast<std::uint32_t>(rows_)) {
    return Broken("rows from " + std::to_string(chunk.first_row()) + " came where row " +
                  std::to_string(rows_) + " was next");
  }
  if (chunk.rows() > static_cast<std::uint32_t>(field.height - rows_)) {
    return Broken("more rows than the header's " + std::to_string(field.height));
  }
  if (!HasSize(chunk.flow(), chunk.rows(), field.width, sizeof(Displacement))) {
    return Broken(std::to_string(chunk.flow().size()) + " bytes of flow for " +
                  std::to_string(chunk.rows()) + " rows");
  }
  if (!HasSize(chunk.confidence(), with_confidence_ ? chunk.rows() : 0, field.width,
               sizeof(float))) {
    return Broken(std::to_string(chunk.confidence().size()) + " bytes of confidence for " +
                  std::to_string(chunk.rows()) + " rows");
  }
  return Status();
}

Result<std::optional<FlowBand>> FlowAssembler::AddChunk(const v1::FlowChunk& chunk) {
  if (Status status = CheckChunk(chunk); !status.ok()) return status;
  FlowField& field = response_.field;
  FlowBand band;
  band.width = field.width;
  band.height = field.height;
  band.first_row = rows_;
  band.rows = static_cast<int>(chunk.rows());
  band.flow = Append(chunk.flow(), &field.flow);
  band.confidence = Append(chunk.confidence(), &field.confidence);
  rows_ += band.rows;
  return std::optional<FlowBand>(band);
}

Status FlowAssembler::AddTrailer(const v1::FlowTrailer& trailer) {
  if (rows_ < response_.field.height) {
    return Broken("the trailer came after " + std::to_string(rows_) + " of " +
                  std::to_string(response_.field.height) + " rows");
  }
  has_trailer_ = true;
  response_.statistics = FromProto(trailer.statistics());
  return Status();
}

Result<FlowResponse> FlowAssembler::Finish() && {
  if (!has_header_) return Broken("it is empty");
  if (!has_trailer_) {
    return Broken("it ended without a trailer after " + std::to_string(rows_) + " of " +
                  std::to_string(response_.field.height) + " rows");
  }
  return std::move(response_);
}

}  // namespace nemf::client
