#ifndef NEMF_SERVER_ENGINE_MATH_INTERPOLATION_H_
#define NEMF_SERVER_ENGINE_MATH_INTERPOLATION_H_

#include <cmath>
#include <cstddef>

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"

namespace nemf {

// The cost embedding Phi, [grid][grid][grid][grid][channels] floats: reference row, reference
// column, query row, query column. Channels last, so a corner of a cell is one contiguous run.
struct PhiView {
  const float* data;
  int grid;
  int channels;
};

// The two grid nodes around a coordinate along one axis. Nodes off the grid have weight and slope
// 0, and an index that may be read.
struct AxisNodes {
  int index[2];
  float weight[2];
  float slope[2];  // d weight / d coordinate
};

// Returns the nodes around a normalised coordinate on an axis of `grid` nodes, with aligned
// corners.
NEMF_HD AxisNodes FindNodes(float coordinate, int grid) {
  const float last = static_cast<float>(grid - 1);
  // Two nodes beyond the grid all weights are 0; the bounds also make a NaN harmless.
  float position = (coordinate + 1.0f) * 0.5f * last;
  position = position > -2.0f ? position : -2.0f;
  position = position < last + 2.0f ? position : last + 2.0f;
  const float lower = floorf(position);
  const float fraction = position - lower;
  const int node = static_cast<int>(lower);
  const bool inside0 = node >= 0 && node < grid;
  const bool inside1 = node + 1 >= 0 && node + 1 < grid;
  return {{inside0 ? node : 0, inside1 ? node + 1 : 0},
          {inside0 ? 1.0f - fraction : 0.0f, inside1 ? fraction : 0.0f},
          {inside0 ? -0.5f * last : 0.0f, inside1 ? 0.5f * last : 0.0f}};
}

// The 16 corners around a pair of points: four of the reference (row-major: k = 2 row + column),
// each with four of the query. Corner (r, q) starts at phi.data + reference[r] + query[q].
struct PhiCorners {
  std::size_t reference[4];
  std::size_t query[4];
  float reference_weight[4];
  float slope_x[4];  // d reference_weight / d reference x
  float slope_y[4];
  float query_weight[4];
};

NEMF_HD PhiCorners FindCorners(const PhiView& phi, Vec2 reference, Vec2 query) {
  const AxisNodes rx = FindNodes(reference.x, phi.grid);
  const AxisNodes ry = FindNodes(reference.y, phi.grid);
  const AxisNodes qx = FindNodes(query.x, phi.grid);
  const AxisNodes qy = FindNodes(query.y, phi.grid);
  const std::size_t cell = static_cast<std::size_t>(phi.channels);
  const std::size_t plane = cell * phi.grid * phi.grid;
  PhiCorners corners;
  for (int k = 0; k < 4; ++k) {
    const int row = k / 2;
    const int column = k % 2;
    corners.reference[k] = plane * (ry.index[row] * phi.grid + rx.index[column]);
    corners.query[k] = cell * (qy.index[row] * phi.grid + qx.index[column]);
    corners.reference_weight[k] = ry.weight[row] * rx.weight[column];
    corners.slope_x[k] = ry.weight[row] * rx.slope[column];
    corners.slope_y[k] = ry.slope[row] * rx.weight[column];
    corners.query_weight[k] = qy.weight[row] * qx.weight[column];
  }
  return corners;
}

// Interpolates Phi at the corners' point, linear along each of the four axes -> out [channels].
NEMF_HD void InterpolatePhi(const PhiView& phi, const PhiCorners& corners, float* __restrict out) {
  const int channels = phi.channels;
  const float* __restrict r0 = phi.data + corners.reference[0];
  const float* __restrict r1 = phi.data + corners.reference[1];
  const float* __restrict r2 = phi.data + corners.reference[2];
  const float* __restrict r3 = phi.data + corners.reference[3];
  const float v0 = corners.reference_weight[0];
  const float v1 = corners.reference_weight[1];
  const float v2 = corners.reference_weight[2];
  const float v3 = corners.reference_weight[3];
  for (int q = 0; q < 4; ++q) {
    const std::size_t offset = corners.query[q];
    const float weight = corners.query_weight[q];
    const float w0 = weight * v0;
    const float w1 = weight * v1;
    const float w2 = weight * v2;
    const float w3 = weight * v3;
    for (int c = 0; c < channels; ++c) {
      const std::size_t i = offset + c;
      const float sum = (w0 * r0[i] + w1 * r1[i]) + (w2 * r2[i] + w3 * r3[i]);
      out[c] = q == 0 ? sum : out[c] + sum;
    }
  }
}

// Returns channel `channel` of InterpolatePhi(), bit for bit. `values` are Phi's numbers: floats,
// or anything with + and [].
template <typename Numbers>
NEMF_HD float InterpolateChannel(const Numbers& values, const PhiCorners& corners, int channel) {
  float out = 0.0f;
  for (int q = 0; q < 4; ++q) {
    const float weight = corners.query_weight[q];
    float part[4];
    for (int r = 0; r < 4; ++r) {
      const std::size_t i = corners.reference[r] + corners.query[q] + channel;
      part[r] = weight * corners.reference_weight[r] * values[i];
    }
    const float sum = (part[0] + part[1]) + (part[2] + part[3]);
    out = q == 0 ? sum : out + sum;
  }
  return out;
}

// Returns the scalar product of `seed` and the interpolation over the query's corners alone, at a
// corner of the reference whose part of Phi starts at `base`. The order of the sum is fixed, in
// lanes that fill a vector register. `base` and `seed` are floats, or anything with + and [].
template <typename Numbers, typename Seed>
NEMF_HD float CornerProduct(const PhiCorners& corners, int channels, const Numbers& base,
                            const Seed& seed) {
  constexpr int kLanes = 8;
  const int whole = channels / kLanes * kLanes;
  float lanes[kLanes] = {};
  float rest = 0.0f;
  for (int q = 0; q < 4; ++q) {
    const Numbers cell = base + corners.query[q];
    const float weight = corners.query_weight[q];
    for (int c = 0; c < whole; c += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) {
        lanes[lane] += weight * (seed[c + lane] * cell[c + lane]);
      }
    }
    for (int c = whole; c < channels; ++c) rest += weight * (seed[c] * cell[c]);
  }
  for (int lane = 0; lane < kLanes; ++lane) rest += lanes[lane];
  return rest;
}

// Returns the gradient with respect to the reference point, from the four corners' CornerProduct().
NEMF_HD Vec2 GradientOfProducts(const PhiCorners& corners, const float products[4]) {
  Vec2 gradient;
  for (int r = 0; r < 4; ++r) {
    gradient.x += corners.slope_x[r] * products[r];
    gradient.y += corners.slope_y[r] * products[r];
  }
  return gradient;
}

// Returns the gradient, with respect to the reference point, of the scalar product of `seed`
// [channels] and the interpolated Phi.
NEMF_HD Vec2 InterpolationGradient(const PhiView& phi, const PhiCorners& corners,
                                   const float* seed) {
  float products[4];
  for (int r = 0; r < 4; ++r) {
    products[r] = CornerProduct(corners, phi.channels, phi.data + corners.reference[r], seed);
  }
  return GradientOfProducts(corners, products);
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_INTERPOLATION_H_
