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
  int width = 0;   // the query's, pixels
  int height = 0;  // the query's, pixels
  // Row-major [height][width].
  std::vector<Displacement> flow;
  // Row-major [height][width], each in [0, 1]; empty unless it was asked for.
  std::vector<float> confidence;
  // Row-major [height][width]: how far a query pixel is from where it comes back to, there by this
  // flow and back by the one from the reference to the query, in query pixels. Infinity where it
  // leads out of the reference; empty unless it was asked for.
  std::vector<float> consistency;

  // The displacement of the query pixel (x, y). Requires 0 <= x < width and 0 <= y < height.
  const Displacement& at(int x, int y) const {
    return flow[static_cast<std::size_t>(y) * width + x];
  }
};

// Rows [first_row, first_row + rows) of a flow field, as they arrive. Views into memory that
// belongs to the caller of the callback and lives until the callback returns.
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
