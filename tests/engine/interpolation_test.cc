#include "server/engine/math/interpolation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "tests/engine/naive_field.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using testing::NaiveInterpolation;
using testing::Point2;
using testing::Random;

Point2 Double(Vec2 point) { return {point.x, point.y}; }

struct Size {
  int grid;
  int channels;
};

// What ctest calls the case.
void PrintTo(const Size& size, std::ostream* out) {
  *out << "grid " << size.grid << ", channels " << size.channels;
}

class Interpolation : public ::testing::TestWithParam<Size> {
 protected:
  Interpolation() : random_(GetParam().grid * 100 + GetParam().channels) {
    const int cells = GetParam().grid * GetParam().grid;
    data_ = random_.Vector(static_cast<std::size_t>(cells) * cells * GetParam().channels);
  }

  PhiView phi() const { return {data_.data(), GetParam().grid, GetParam().channels}; }
  // A point somewhat beyond the image, too.
  Vec2 RandomPoint() { return {1.6f * random_.Next(), 1.6f * random_.Next()}; }

  Random random_;
  std::vector<float> data_;
};

TEST_P(Interpolation, EqualsTheNestedLoops) {
  std::vector<float> out(phi().channels);
  for (int n = 0; n < 200; ++n) {
    const Vec2 reference = RandomPoint();
    const Vec2 query = RandomPoint();
    InterpolatePhi(phi(), FindCorners(phi(), reference, query), out.data());
    const std::vector<double> expected =
        NaiveInterpolation(phi(), Double(reference), Double(query));
    for (int c = 0; c < phi().channels; ++c) ASSERT_NEAR(out[c], expected[c], 2e-6);
  }
}

TEST_P(Interpolation, MeetsTheCornersOfTheImage) {
  std::vector<float> out(phi().channels);
  for (const float x : {-1.0f, 1.0f}) {
    InterpolatePhi(phi(), FindCorners(phi(), {x, -1}, {-1, x}), out.data());
    const std::vector<double> expected = NaiveInterpolation(phi(), {x, -1}, {-1, x});
    for (int c = 0; c < phi().channels; ++c) EXPECT_NEAR(out[c], expected[c], 1e-6);
  }
}

TEST_P(Interpolation, GradientEqualsFiniteDifferences) {
  const std::vector<float> seed = random_.Vector(phi().channels);
  for (int n = 0; n < 100; ++n) {
    const Vec2 reference = RandomPoint();
    const Vec2 query = RandomPoint();
    const auto product = [&](double dx, double dy) {
      const std::vector<double> values =
          NaiveInterpolation(phi(), {reference.x + dx, reference.y + dy}, Double(query));
      double sum = 0;
      for (int c = 0; c < phi().channels; ++c) sum += values[c] * seed[c];
      return sum;
    };
    const Vec2 gradient =
        InterpolationGradient(phi(), FindCorners(phi(), reference, query), seed.data());
    const double step = 1e-6;
    ASSERT_NEAR(gradient.x, (product(step, 0) - product(-step, 0)) / (2 * step), 1e-4);
    ASSERT_NEAR(gradient.y, (product(0, step) - product(0, -step)) / (2 * step), 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Interpolation,
                         ::testing::Values(Size{1, 3}, Size{2, 1}, Size{3, 8}, Size{4, 17}),
                         [](const auto& info) {
                           return "Grid" + std::to_string(info.param.grid) + "Channels" +
                                  std::to_string(info.param.channels);
                         });

TEST(FindNodes, FarAwayAndNotANumberAreHarmless) {
  for (const float coordinate : {1e30f, -1e30f, NAN, INFINITY, -INFINITY}) {
    const AxisNodes nodes = FindNodes(coordinate, 16);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(nodes.weight[i], 0.0f);
      EXPECT_GE(nodes.index[i], 0);
      EXPECT_LT(nodes.index[i], 16);
    }
  }
}

}  // namespace
}  // namespace nemf
