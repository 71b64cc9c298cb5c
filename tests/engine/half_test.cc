#include "server/engine/math/half.h"

#include <gtest/gtest.h>
#include <immintrin.h>

#include <cmath>
#include <random>
#include <vector>

#include "server/engine/math/interpolation.h"
#include "server/engine/math/layers.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

#ifdef __F16C__

TEST(Half, EveryHalfReadsAsTheProcessorReadsIt) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float expected = _cvtsh_ss(half);
    const float found = HalfToFloat(half);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(found)) << bits;
    } else {
      ASSERT_EQ(FloatBits(found), FloatBits(expected)) << bits;
    }
  }
}

TEST(Half, FloatsRoundAsTheProcessorRoundsThem) {
  const auto check = [](float value) {
    const auto expected = static_cast<std::uint16_t>(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT));
    ASSERT_EQ(FloatToHalf(value), expected) << FloatBits(value);
  };
  // All halves, the ties between them, and what lies next to a tie.
  for (int bits = 0; bits < 0x7C00; ++bits) {
    const float low = HalfToFloat(static_cast<std::uint16_t>(bits));
    const float tie = 0.5f * low + 0.5f * HalfToFloat(static_cast<std::uint16_t>(bits + 1));
    for (const float value : {low, tie, std::nextafter(tie, 0.0f), std::nextafter(tie, 1e9f)}) {
      check(value);
      check(-value);
    }
  }
  std::mt19937 random(11);
  for (int i = 0; i < 1'000'000; ++i) {
    const float value = BitsFloat(static_cast<std::uint32_t>(random()));
    if (!std::isnan(value)) check(value);
  }
}

#endif  // __F16C__

TEST(Half, KeepsNanAndInfinity) {
  EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(std::nanf("")))));
  EXPECT_EQ(HalfToFloat(FloatToHalf(1e30f)), INFINITY);
  EXPECT_EQ(HalfToFloat(FloatToHalf(-INFINITY)), -INFINITY);
}

TEST(Half, ValuesReadAndWriteBothTypes) {
  std::vector<std::uint16_t> halves(3);
  std::vector<float> floats(3);
  const MutableValues half = {halves.data(), true};
  const MutableValues full = {floats.data(), false};
  half.Set(2, 0.1f);
  full.Set(2, 0.1f);
  EXPECT_EQ((full.view() + 1)[1], 0.1f);
  EXPECT_NEAR((half.view() + 1)[1], 0.1f, 1e-4f);
  EXPECT_NE((half.view() + 1)[1], 0.1f);
}

// The kernels go through Phi by channel and by corner, the CPU by row: the same arithmetic.
TEST(SharedMath, ChannelsAndCornersEqualTheWholeRowBitForBit) {
  testing::Random random(5);
  constexpr int kChannels = 13;
  const std::vector<float> numbers = random.Vector(81 * kChannels);
  const std::vector<float> seed = random.Vector(kChannels);
  const PhiView phi = {numbers.data(), 3, kChannels};
  const Values values = {numbers.data(), false};
  for (int i = 0; i < 2000; ++i) {
    const Vec2 reference = {1.2f * random.Next(), 1.2f * random.Next()};
    const PhiCorners corners = FindCorners(phi, reference, {random.Next(), random.Next()});
    float row[kChannels];
    InterpolatePhi(phi, corners, row);
    for (int c = 0; c < kChannels; ++c) {
      ASSERT_EQ(FloatBits(InterpolateChannel(values, corners, c)), FloatBits(row[c]));
    }
    float products[4];
    for (int r = 0; r < 4; ++r) {
      products[r] = CornerProduct(corners, kChannels, values + corners.reference[r], seed.data());
    }
    const Vec2 expected = InterpolationGradient(phi, corners, seed.data());
    const Vec2 found = GradientOfProducts(corners, products);
    ASSERT_EQ(FloatBits(found.x), FloatBits(expected.x));
    ASSERT_EQ(FloatBits(found.y), FloatBits(expected.y));
  }
}

TEST(SharedMath, ActivatedProductIsTheFormula) {
  testing::Random random(6);
  for (int columns : {1, 7, 8, 24, 61}) {
    const std::vector<float> row = random.Vector(columns);
    const std::vector<float> bias = random.Vector(columns);
    const std::vector<float> weight = random.Vector(columns);
    double expected = 0.25;
    for (int i = 0; i < columns; ++i) {
      expected += weight[i] * std::max(0.0, static_cast<double>(row[i]) + bias[i]);
    }
    EXPECT_NEAR(ActivatedProduct(row.data(), bias.data(), weight.data(), columns, 0.25f), expected,
                1e-5);
  }
}

}  // namespace
}  // namespace nemf
