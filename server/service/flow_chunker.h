#ifndef NEMF_SERVER_SERVICE_FLOW_CHUNKER_H_
#define NEMF_SERVER_SERVICE_FLOW_CHUNKER_H_

#include <cstddef>
#include <vector>

#include "nemf/v1/correspondence.pb.h"
#include "server/engine/engine.h"
#include "server/engine/image.h"

namespace nemf {

// No message of a flow is larger.
inline constexpr std::size_t kMaxFlowMessageBytes = 1 << 20;

// sigmoid(score).
float Confidence(float score);

// Cuts a dense answer into chunk messages of whole rows, top to bottom; one exists at a time. The
// chunks leave room in their message for a few numbers beside them.
class FlowChunker {
 public:
  // `matches`: row-major over the query's pixels, `query.width * query.height` of them; the width
  // is at most 65,536.
  FlowChunker(std::vector<Match> matches, ImageSize query, bool with_confidence);
  // A preview: `points` are the matches' reference points.
  FlowChunker(std::vector<Point> points, ImageSize query);

  bool done() const { return next_row_ == query_.height; }

  // The next rows. Requires !done().
  v1::FlowChunk Next();

 private:
  int RowsAChunk() const;
  const Point& ReferenceOf(std::size_t pixel) const {
    return points_.empty() ? matches_[pixel].reference : points_[pixel];
  }

  std::vector<Match> matches_;  // one of the two
  std::vector<Point> points_;
  ImageSize query_;
  bool with_confidence_;
  int next_row_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_FLOW_CHUNKER_H_
