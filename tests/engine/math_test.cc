#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include "server/engine/math/adam.h"
#include "server/engine/math/coarse.h"
#include "server/engine/math/coordinates.h"
#include "server/engine/math/embedding.h"
#include "server/engine/math/philox.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

TEST(Coordinates, EndsOfAnImageAreMinusOneAndOne) {
  EXPECT_EQ(ToNormalized(0, 10), -1.0f);
  EXPECT_EQ(ToNormalized(9, 10), 1.0f);
  EXPECT_EQ(ToPixel(-1, 10), 0.0f);
  EXPECT_EQ(ToPixel(1, 10), 9.0f);
}

TEST(Coordinates, PixelsSurviveTheRoundTrip) {
  for (const int size : {2, 3, 7, 640, 4096}) {
    for (int pixel = 0; pixel < size; ++pixel) {
      ASSERT_NEAR(ToPixel(ToNormalized(pixel, size), size), pixel, 5e-4) << "size " << size;
    }
  }
}

TEST(Coordinates, AnAxisOfOnePixelIsZero) {
  EXPECT_EQ(ToNormalized(0, 1), 0.0f);
  EXPECT_EQ(ToPixel(0.7f, 1), 0.0f);
}

TEST(Mirror, ReflectsWithoutRepeatingTheEdge) {
  EXPECT_EQ(Mirror(-1, 5), 1);
  EXPECT_EQ(Mirror(5, 5), 3);
  EXPECT_EQ(Mirror(0, 5), 0);
  EXPECT_EQ(Mirror(4, 5), 4);
  EXPECT_EQ(Mirror(-1, 2), 1);
  EXPECT_EQ(Mirror(2, 2), 0);
  EXPECT_EQ(Mirror(-1, 1), 0);
  EXPECT_EQ(Mirror(1, 1), 0);
}

// The known answers of the authors' Random123 library (tests/kat_vectors, philox4x32 10).
struct PhiloxCase {
  PhiloxWords counter;
  std::uint64_t key;
  PhiloxWords expected;
};

// What ctest calls the case.
void PrintTo(const PhiloxCase& each, std::ostream* out) { *out << "key " << each.key; }

class PhiloxKnownAnswer : public ::testing::TestWithParam<PhiloxCase> {};

TEST_P(PhiloxKnownAnswer, IsMet) {
  const PhiloxWords words = Philox(GetParam().counter, GetParam().key);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(words.word[i], GetParam().expected.word[i]) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Random123, PhiloxKnownAnswer,
    ::testing::Values(
        PhiloxCase{{{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
        PhiloxCase{{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
                   0xffffffffffffffff,
                   {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
        PhiloxCase{{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
                   0x299f31d0a4093822,
                   {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}}));

TEST(SignedUnit, SpansMinusOneToBelowOne) {
  EXPECT_EQ(SignedUnit(0), -1.0f);
  EXPECT_EQ(SignedUnit(0x80000000u), 0.0f);
  EXPECT_EQ(SignedUnit(0xffffffffu), 1.0f - 0x1p-23f);
}

TEST(SinCos, IsAccurateUpToThousandsOfRadians) {
  double worst = 0;
  testing::Random random(7);
  for (int i = 0; i < 2'000'000; ++i) {
    const float x = random.Next() * (i % 2 == 0 ? 5000.0f : 10.0f);
    const SinCosValues values = SinCos(x);
    worst = std::max(worst, std::abs(values.sin - std::sin(static_cast<double>(x))));
    worst = std::max(worst, std::abs(values.cos - std::cos(static_cast<double>(x))));
  }
  EXPECT_LE(worst, 1.2e-7);
}

TEST(SinCos, HoldsAtMultiplesOfAQuarterTurn) {
  for (int k = -3000; k <= 3000; ++k) {
    const float x = static_cast<float>(k * 1.5707963267948966);
    const SinCosValues values = SinCos(x);
    ASSERT_NEAR(values.sin, std::sin(static_cast<double>(x)), 1.2e-7) << k;
    ASSERT_NEAR(values.cos, std::cos(static_cast<double>(x)), 1.2e-7) << k;
  }
}

TEST(Embedding, HasTheOrderOfTheMethod) {
  const std::vector<float> frequencies = {1.0f, 57.7f, 512.0f};
  const EmbeddingView embedding = {frequencies.data(), 3, 2.0f, 3.0f};
  ASSERT_EQ(EmbeddingSize(embedding), 14);
  testing::Random random(3);
  for (int n = 0; n < 100; ++n) {
    const Vec2 point = {random.Next(), random.Next()};
    float out[14];
    EmbedPoint(embedding, point, out);
    const float u[2] = {point.x * 2.0f + 3.0f, point.y * 2.0f + 3.0f};
    for (int axis = 0; axis < 2; ++axis) {
      for (int i = 0; i < 3; ++i) {
        const double angle = u[axis] * frequencies[i];
        ASSERT_NEAR(out[3 * axis + i], std::sin(angle), 2e-7);
        ASSERT_NEAR(out[6 + 3 * axis + i], std::cos(angle), 2e-7);
      }
      ASSERT_EQ(out[12 + axis], u[axis]);
    }
  }
}

TEST(SampleCoarse, MeetsTheNodesAndTheMiddles) {
  const std::vector<float> map = {0, 1, 2, 3, 10, 20, 30, 40};
  const CoarseView coarse = {map.data(), 2};
  EXPECT_EQ(SampleCoarse(coarse, 0, 0, 9, 5).x, 0.0f);
  EXPECT_EQ(SampleCoarse(coarse, 8, 0, 9, 5).x, 1.0f);
  EXPECT_EQ(SampleCoarse(coarse, 0, 4, 9, 5).y, 30.0f);
  EXPECT_EQ(SampleCoarse(coarse, 8, 4, 9, 5).y, 40.0f);
  EXPECT_FLOAT_EQ(SampleCoarse(coarse, 4, 2, 9, 5).x, 1.5f);
  EXPECT_FLOAT_EQ(SampleCoarse(coarse, 4, 2, 9, 5).y, 25.0f);
}

TEST(SampleCoarse, StaysInTheMapForEverySize) {
  const std::vector<float> map(2 * 16 * 16, 0.5f);
  const CoarseView coarse = {map.data(), 16};
  for (int size = 1; size <= 2000; ++size) {
    const float last = static_cast<float>(size - 1);
    ASSERT_FLOAT_EQ(SampleCoarse(coarse, last, last, size, size).x, 0.5f) << size;
  }
}

TEST(LearningRate, IsACosineThatStartsOneStepLate) {
  EXPECT_DOUBLE_EQ(LearningRate(0, 20, 3e-4, 1e-6), 3e-4);
  EXPECT_DOUBLE_EQ(LearningRate(1, 20, 3e-4, 1e-6), 3e-4);
  EXPECT_DOUBLE_EQ(LearningRate(11, 20, 3e-4, 1e-6), (3e-4 + 1e-6) / 2);
  EXPECT_GT(LearningRate(19, 20, 3e-4, 1e-6), 1e-6);
}

TEST(AdamUpdate, FirstStepDecaysThenMovesByTheRate) {
  AdamState state;
  const Vec2 moved = AdamUpdate({0.5f, -0.5f}, {3.0f, -2.0f}, MakeAdamStep(0, 0.01, 0.1), &state);
  EXPECT_NEAR(moved.x, 0.5 * (1 - 0.001) - 0.01, 1e-7);
  EXPECT_NEAR(moved.y, -0.5 * (1 - 0.001) + 0.01, 1e-7);
}

TEST(AdamUpdate, MatchesTheFormulasInDouble) {
  testing::Random random(11);
  AdamState state;
  Vec2 point = {0.3f, 0.0f};
  double x = 0.3f, first = 0, second = 0;
  for (int step = 0; step < 20; ++step) {
    const double rate = LearningRate(step, 20, 3e-4, 1e-6);
    const float gradient = random.Next();
    point = AdamUpdate(point, {gradient, 0}, MakeAdamStep(step, rate, 0.01), &state);
    first = 0.9 * first + 0.1 * gradient;
    second = 0.999 * second + 0.001 * gradient * gradient;
    x *= 1 - 0.01 * rate;
    x -= rate * (first / (1 - std::pow(0.9, step + 1))) /
         (std::sqrt(second / (1 - std::pow(0.999, step + 1))) + 1e-8);
  }
  EXPECT_NEAR(point.x, x, 1e-6);
}

TEST(LossSlope, IsTheDerivativeOfTheLoss) {
  EXPECT_FLOAT_EQ(LossSlope(0), -0.5f);
  EXPECT_EQ(LossSlope(1000), 0.0f);
  EXPECT_EQ(LossSlope(-1000), -1.0f);
}

}  // namespace
}  // namespace nemf
