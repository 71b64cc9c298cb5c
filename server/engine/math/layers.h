#ifndef NEMF_SERVER_ENGINE_MATH_LAYERS_H_
#define NEMF_SERVER_ENGINE_MATH_LAYERS_H_

#include "server/engine/math/macros.h"

namespace nemf {

// Returns relu(x), and 0 for a NaN.
NEMF_HD float Relu(float x) { return x > 0.0f ? x : 0.0f; }

// Returns offset + the scalar product of `weight` and relu(row + bias), all of `columns` numbers.
// `row` is anything with []. The order of the sum is fixed.
template <typename Row>
NEMF_HD float ActivatedProduct(const Row& row, const float* bias, const float* weight, int columns,
                               float offset) {
  constexpr int kLanes = 8;
  const int whole = columns / kLanes * kLanes;
  float lanes[kLanes] = {};
  for (int h = 0; h < whole; h += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += weight[h + lane] * Relu(row[h + lane] + bias[h + lane]);
    }
  }
  float sum = offset;
  for (int h = whole; h < columns; ++h) sum += weight[h] * Relu(row[h] + bias[h]);
  for (int lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  return sum;
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_LAYERS_H_
