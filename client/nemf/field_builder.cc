#include "client/nemf/field_builder.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "client/nemf/wire_floats.h"

namespace nemf::client {
namespace {

static_assert(sizeof(Displacement) == 2 * sizeof(float));

// Whether `bytes` is exactly rows * width * item_size, without overflow.
bool HasSize(const std::string& bytes, std::size_t rows, std::size_t width, std::size_t item_size) {
  const std::size_t row_bytes = width * item_size;
  return bytes.size() % row_bytes == 0 && bytes.size() / row_bytes == rows;
}

}  // namespace

Status BrokenStream(const std::string& what) {
  return Status(Code::kDataLoss, "the server's flow stream is broken: " + what);
}

FieldBuilder::FieldBuilder(int width, int height, bool with_confidence)
    : with_confidence_(with_confidence) {
  field_.width = width;
  field_.height = height;
}

Status FieldBuilder::Check(const v1::FlowChunk& chunk) const {
  if (chunk.first_row() != static_cast<std::uint32_t>(rows_)) {
    return BrokenStream("rows from " + std::to_string(chunk.first_row()) + " came where row " +
                        std::to_string(rows_) + " was next");
  }
  if (chunk.rows() > static_cast<std::uint32_t>(field_.height - rows_)) {
    return BrokenStream("more rows than the header's " + std::to_string(field_.height));
  }
  if (!HasSize(chunk.flow(), chunk.rows(), field_.width, sizeof(Displacement))) {
    return BrokenStream(std::to_string(chunk.flow().size()) + " bytes of flow for " +
                        std::to_string(chunk.rows()) + " rows");
  }
  if (!HasSize(chunk.confidence(), with_confidence_ ? chunk.rows() : 0, field_.width,
               sizeof(float))) {
    return BrokenStream(std::to_string(chunk.confidence().size()) + " bytes of confidence for " +
                        std::to_string(chunk.rows()) + " rows");
  }
  return Status();
}

Result<FlowBand> FieldBuilder::Add(const v1::FlowChunk& chunk) {
  if (Status status = Check(chunk); !status.ok()) return status;
  FlowBand band;
  band.width = field_.width;
  band.height = field_.height;
  band.first_row = rows_;
  band.rows = static_cast<int>(chunk.rows());
  band.flow = AppendItems(chunk.flow(), &field_.flow);
  band.confidence = AppendItems(chunk.confidence(), &field_.confidence);
  rows_ += band.rows;
  return band;
}

}  // namespace nemf::client
