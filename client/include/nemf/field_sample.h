#ifndef NEMF_CLIENT_INCLUDE_NEMF_FIELD_SAMPLE_H_
#define NEMF_CLIENT_INCLUDE_NEMF_FIELD_SAMPLE_H_

#include <vector>

namespace nemf::client {

// Scores of one query point at the samples of a grid over the reference. Samples are evenly
// spaced; the outermost ones lie on the centres of the reference's outermost pixels. Larger values
// mean a better match.
struct FieldSample {
  int columns = 0;            // >= 2
  int rows = 0;               // >= 2
  std::vector<float> scores;  // row-major [rows][columns]: the matching field's logits
  // Row-major [rows][columns]: the encoder's coarse cost, interpolated bilinearly between its
  // cells.
  std::vector<float> cost;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_FIELD_SAMPLE_H_
