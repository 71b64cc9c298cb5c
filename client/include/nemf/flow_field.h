#ifndef NEMF_CLIENT_INCLUDE_NEMF_FLOW_FIELD_H_
#define NEMF_CLIENT_INCLUDE_NEMF_FLOW_FIELD_H_

#include <cstddef>
#include <span>
#include <vector>

namespace nemf::client {

// A displacement in pixels: reference = query + (dx, dy).
struct Displacement {
  float dx = 0;
  float dy = 0;
};

// A dense flow on the query's pixel grid.
struct FlowField {
  int width = 0;   // of the query, pixels
  int height = 0;  // of the query, pixels
  // Row-major [height][width].
  std::vector<Displacement> flow;
  // Row-major [height][width], in [0, 1]; empty unless requested.
  std::vector<float> confidence;
  // Row-major [height][width]: forward-backward error in query pixels, the distance between a pixel
  // and where the flow and then the backward flow take it. Infinity if the flow leaves the
  // reference. Empty unless requested.
  std::vector<float> consistency;

  // Returns the displacement of the query pixel (x, y). Requires 0 <= x < width and
  // 0 <= y < height.
  const Displacement& at(int x, int y) const {
    return flow[static_cast<std::size_t>(y) * width + x];
  }
};

// Rows [first_row, first_row + rows) of a flow field that is arriving. The spans are valid until
// the callback that receives the band returns.
struct FlowBand {
  int width = 0;   // of the whole field, pixels
  int height = 0;  // of the whole field, pixels
  int first_row = 0;
  int rows = 0;
  std::span<const Displacement> flow;  // row-major [rows][width]
  std::span<const float> confidence;   // row-major [rows][width], or empty
  std::span<const float> consistency;  // row-major [rows][width], or empty
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_FLOW_FIELD_H_
