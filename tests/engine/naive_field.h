#ifndef NEMF_TESTS_ENGINE_NAIVE_FIELD_H_
#define NEMF_TESTS_ENGINE_NAIVE_FIELD_H_

#include <vector>

#include "server/engine/bundle/field_weights.h"
#include "server/engine/math/interpolation.h"

namespace nemf::testing {

// A point in double precision.
struct Point2 {
  double x;
  double y;
};

// Phi interpolated at a pair of points by four nested loops over all nodes, in double ->
// [channels].
std::vector<double> NaiveInterpolation(const PhiView& phi, Point2 reference, Point2 query);

// The matching field in double, straight from its formulas (docs/algorithm.md, section 3).
class NaiveField {
 public:
  // Both outlive the field.
  NaiveField(const FieldWeights& weights, PhiView phi) : weights_(weights), phi_(phi) {}

  // The score of a reference point whose embedding is taken at `embedded` and Phi at `read`. Angles
  // are rounded to float32, as the method does.
  double Score(Vec2 embedded, Point2 read, Vec2 query) const;

 private:
  std::vector<double> Embed(Vec2 point) const;

  const FieldWeights& weights_;
  const PhiView phi_;
};

}  // namespace nemf::testing

#endif  // NEMF_TESTS_ENGINE_NAIVE_FIELD_H_
