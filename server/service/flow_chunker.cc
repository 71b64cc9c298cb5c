#include "server/service/flow_chunker.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "server/service/float_bytes.h"

namespace nemf {
namespace {

// For the tags, lengths and row numbers around the floats.
constexpr std::size_t kMessageOverheadBytes = 64;

}  // namespace

float Confidence(float score) { return 1 / (1 + std::exp(-score)); }

FlowChunker::FlowChunker(std::vector<Match> matches, ImageSize query, bool with_confidence)
    : matches_(std::move(matches)), query_(query), with_confidence_(with_confidence) {}

FlowChunker::FlowChunker(std::vector<Point> points, ImageSize query)
    : points_(std::move(points)), query_(query), with_confidence_(false) {}

int FlowChunker::RowsAChunk() const {
  const std::size_t row = sizeof(float) * (with_confidence_ ? 3 : 2) * query_.width;
  return static_cast<int>(
      std::max<std::size_t>(1, (kMaxFlowMessageBytes - kMessageOverheadBytes) / row));
}

v1::FlowChunk FlowChunker::Next() {
  const int rows = std::min(RowsAChunk(), query_.height - next_row_);
  const std::size_t pixels = std::size_t{1} * rows * query_.width;
  v1::FlowChunk chunk;
  chunk.set_first_row(static_cast<std::uint32_t>(next_row_));
  chunk.set_rows(static_cast<std::uint32_t>(rows));
  chunk.mutable_flow()->reserve(pixels * 2 * sizeof(float));
  if (with_confidence_) chunk.mutable_confidence()->reserve(pixels * sizeof(float));

  std::size_t pixel = std::size_t{1} * next_row_ * query_.width;
  for (int y = next_row_; y < next_row_ + rows; ++y) {
    for (int x = 0; x < query_.width; ++x, ++pixel) {
      const Point& reference = ReferenceOf(pixel);
      AppendFloat(reference.x - static_cast<float>(x), chunk.mutable_flow());
      AppendFloat(reference.y - static_cast<float>(y), chunk.mutable_flow());
      if (with_confidence_)
        AppendFloat(Confidence(matches_[pixel].score), chunk.mutable_confidence());
    }
  }
  next_row_ += rows;
  return chunk;
}

}  // namespace nemf
