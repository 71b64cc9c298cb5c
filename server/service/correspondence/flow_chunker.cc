#include "server/service/correspondence/flow_chunker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/service/correspondence/float_bytes.h"

namespace nemf {
namespace {

// For the tags, lengths and row numbers around the numbers.
constexpr std::size_t kMessageOverheadBytes = 64;

}  // namespace

float Confidence(float score) { return 1 / (1 + std::exp(-score)); }

FlowChunker::FlowChunker(std::vector<Match> matches, ImageSize query, FlowPlanes planes)
    : matches_(std::move(matches)), query_(query), planes_(std::move(planes)) {}

FlowChunker::FlowChunker(std::vector<Point> points, ImageSize query, v1::FlowType type)
    : points_(std::move(points)), query_(query), planes_{.type = type} {}

int FlowChunker::RowsAChunk() const {
  const std::size_t numbers = 2 + (planes_.confidence ? 1 : 0) + (planes_.backward ? 1 : 0);
  const std::size_t row = BytesANumber() * numbers * query_.width;
  return static_cast<int>(
      std::max<std::size_t>(1, (kMaxFlowMessageBytes - kMessageOverheadBytes) / row));
}

void FlowChunker::Append(float value, std::string* bytes) const {
  if (planes_.type == v1::FLOAT16) {
    AppendHalf(value, bytes);
  } else {
    AppendFloat(value, bytes);
  }
}

void FlowChunker::AppendPixel(int x, int y, v1::FlowChunk* chunk) const {
  const std::size_t index = std::size_t{1} * y * query_.width + x;
  const Point pixel = {static_cast<float>(x), static_cast<float>(y)};
  const Point match = points_.empty() ? matches_[index].reference : points_[index];
  Append(match.x - pixel.x, chunk->mutable_flow());
  Append(match.y - pixel.y, chunk->mutable_flow());
  if (planes_.confidence) {
    Append(Confidence(matches_[index].score), chunk->mutable_confidence());
  }
  if (planes_.backward) {
    Append(ForwardBackwardDistance(pixel, match, *planes_.backward), chunk->mutable_consistency());
  }
}

v1::FlowChunk FlowChunker::Next() {
  const int rows = std::min(RowsAChunk(), query_.height - next_row_);
  const std::size_t plane_bytes = BytesANumber() * rows * query_.width;
  v1::FlowChunk chunk;
  chunk.set_first_row(static_cast<std::uint32_t>(next_row_));
  chunk.set_rows(static_cast<std::uint32_t>(rows));
  chunk.mutable_flow()->reserve(2 * plane_bytes);
  if (planes_.confidence) chunk.mutable_confidence()->reserve(plane_bytes);
  if (planes_.backward) chunk.mutable_consistency()->reserve(plane_bytes);
  for (int y = next_row_; y < next_row_ + rows; ++y) {
    for (int x = 0; x < query_.width; ++x) AppendPixel(x, y, &chunk);
  }
  next_row_ += rows;
  return chunk;
}

}  // namespace nemf
