#include "client/nemf/field_builder.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "client/nemf/wire_floats.h"

namespace nemf::client {

static_assert(sizeof(Displacement) == 2 * sizeof(float));

Status BrokenStream(const std::string& what) {
  return Status(Code::kDataLoss, "the server's flow stream is broken: " + what);
}

FieldBuilder::FieldBuilder(int width, int height, FlowPlanes planes, FlowType type)
    : planes_(planes), type_(type) {
  field_.width = width;
  field_.height = height;
}

Status FieldBuilder::CheckSize(const std::string& bytes, std::uint32_t rows, int numbers,
                               const char* plane) const {
  const std::size_t number_bytes = type_ == FlowType::kFloat16 ? 2 : sizeof(float);
  const std::size_t row_bytes = number_bytes * numbers * field_.width;
  // Divided, for the product with the rows might overflow.
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

}  // namespace nemf::client
