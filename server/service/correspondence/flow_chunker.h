#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOW_CHUNKER_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOW_CHUNKER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nemf/v1/correspondence.pb.h"
#include "server/engine/engine.h"
#include "server/engine/image.h"
#include "server/service/correspondence/flow_consistency.h"

namespace nemf {

// Largest size of a flow's message.
inline constexpr std::size_t kMaxFlowMessageBytes = 1 << 20;

// Returns sigmoid(score).
float Confidence(float score);

// The planes that chunks hold beside the flow, and the type of their numbers.
struct FlowPlanes {
  v1::FlowType type = v1::FLOAT32;  // of all numbers; FLOAT32 or FLOAT16
  bool confidence = false;
  std::optional<BackwardFlow> backward = std::nullopt;  // adds the consistency with it
};

// Cuts a dense answer into chunk messages of whole rows, top to bottom. A chunk's numbers are made
// when it is: only one exists at a time. A chunk leaves room in its message for a few more numbers.
class FlowChunker {
 public:
  // `matches`: row-major over the query's pixels, `query.width * query.height` of them; the width
  // is at most 65,500, so that a row of all planes fits a message.
  FlowChunker(std::vector<Match> matches, ImageSize query, FlowPlanes planes);
  // A preview: `points` are the matches' reference points.
  FlowChunker(std::vector<Point> points, ImageSize query, v1::FlowType type);

  bool done() const { return next_row_ == query_.height; }

  // Returns the next rows. Requires !done().
  v1::FlowChunk Next();

 private:
  std::size_t BytesANumber() const { return planes_.type == v1::FLOAT16 ? 2 : sizeof(float); }
  int RowsAChunk() const;
  void Append(float value, std::string* bytes) const;
  // Appends the values of the pixel (x, y) to all planes.
  void AppendPixel(int x, int y, v1::FlowChunk* chunk) const;

  std::vector<Match> matches_;  // one of the two is empty
  std::vector<Point> points_;
  ImageSize query_;
  FlowPlanes planes_;
  int next_row_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOW_CHUNKER_H_
