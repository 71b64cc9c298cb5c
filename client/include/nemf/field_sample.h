#ifndef NEMF_CLIENT_INCLUDE_NEMF_FIELD_SAMPLE_H_
#define NEMF_CLIENT_INCLUDE_NEMF_FIELD_SAMPLE_H_

#include <vector>

namespace nemf::client {

// One point of the query against a grid of points of the reference: its nodes are evenly spaced,
// the outermost on the centres of the reference's outermost pixels.
struct FieldSample {
  int columns = 0;  // >= 2
  int rows = 0;     // >= 2
  // Row-major [rows][columns]. Larger is better in both.
  std::vector<float> scores;  // of the matching field (logits)
  std::vector<float> cost;    // the encoder's coarse cost, linear between its cells
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_FIELD_SAMPLE_H_
