#include "server/engine/math/upsample.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "server/engine/math/search.h"

namespace nemf {
namespace {

// 21 x 11 nodes over 101 x 51 pixels: every fifth.
constexpr LatticeView kLattice = {21, 11, 101, 51};

TEST(FindSupport, LiesBetweenNodes) {
  const KeypointSupport support = FindSupport(kLattice, 12, 48);
  const int row = 9 * 21;
  EXPECT_EQ(std::vector<int>(support.pixel, support.pixel + 4),
            (std::vector<int>{row + 2, row + 3, row + 23, row + 24}));
  EXPECT_FLOAT_EQ(support.fraction_x, 0.4f);
  EXPECT_NEAR(support.fraction_y, 0.6f, 1e-6f);
}

TEST(FindSupport, LeavesOutNodesOfNoWeightAndStaysInside) {
  for (const auto& [x, y, node] : {std::tuple(0.0f, 0.0f, 0), std::tuple(100.0f, 50.0f, 230),
                                   std::tuple(-3.0f, 999.0f, 210), std::tuple(25.0f, 10.0f, 47)}) {
    const KeypointSupport support = FindSupport(kLattice, x, y);
    for (const int each : support.pixel) EXPECT_EQ(each, node);
    EXPECT_EQ(support.fraction_x, 0);
    EXPECT_EQ(support.fraction_y, 0);
  }
}

TEST(FindSupport, IsExactWhereNodesArePixels) {
  const LatticeView pixels = {37, 23, 37, 23};
  for (int x = 0; x < 37; ++x) {
    const KeypointSupport support = FindSupport(pixels, static_cast<float>(x) + 0.3f, 4);
    EXPECT_EQ(support.pixel[0], 4 * 37 + x);
    EXPECT_EQ(support.fraction_x, x == 36 ? 0 : static_cast<float>(x) + 0.3f - x);
  }
}

KeypointSupport At(float fraction_x, float fraction_y) {
  return {{0, 1, 21, 22}, fraction_x, fraction_y};
}

std::vector<Vec2> Candidates(const KeypointSupport& support, const Vec2 (&nodes)[4], int most) {
  Vec2 out[kMaxUpsampleCandidates];
  const UpsampleScale scale = MakeUpsampleScale(kLattice, 201, 101);
  const int count = CollectUpsampled(support, nodes, scale, most, out);
  return {out, out + count};
}

// In lattice steps: a jump of three between the columns, none between the rows.
constexpr Vec2 kJump[4] = {{0, 0}, {0.3f, 0}, {0, 0.001f}, {0.3f, 0.001f}};

TEST(CollectUpsampled, TakesTheInterpolatedValueInARegularCell) {
  const Vec2 smooth[4] = {{0, 0}, {0.11f, 0}, {0, 0.21f}, {0.11f, 0.21f}};
  const std::vector<Vec2> found = Candidates(At(0.25f, 0.5f), smooth, 4);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FLOAT_EQ(found[0].x, 0.0275f);
  EXPECT_FLOAT_EQ(found[0].y, 0.105f);
}

TEST(CollectUpsampled, AddsTheNearestNodesFirstAndEqualOnesOnce) {
  const std::vector<Vec2> found = Candidates(At(0.75f, 0.25f), kJump, 4);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FLOAT_EQ(found[0].x, 0.225f);
  EXPECT_TRUE(Same(found[1], kJump[1]));
  EXPECT_TRUE(Same(found[2], kJump[0]));
}

TEST(CollectUpsampled, AddsNoMoreThanAskedFor) {
  EXPECT_EQ(Candidates(At(0.75f, 0.25f), kJump, 0).size(), 1u);
  const std::vector<Vec2> one = Candidates(At(0.25f, 0.75f), kJump, 1);
  ASSERT_EQ(one.size(), 2u);
  EXPECT_TRUE(Same(one[1], kJump[2]));
}

TEST(CollectUpsampled, HasAllNodesWhereAllDiffer) {
  const Vec2 nodes[4] = {{-0.5f, 0}, {0.5f, 0}, {0, -0.5f}, {0, 0.5f}};
  EXPECT_EQ(Candidates(At(0.5f, 0.5f), nodes, 4).size(), 5u);
}

TEST(NearestNodes, GoFromTheNearestToTheOpposite) {
  int order[4];
  NearestNodes(At(0.9f, 0.4f), order);
  EXPECT_EQ(std::vector<int>(order, order + 4), (std::vector<int>{1, 3, 0, 2}));
  NearestNodes(At(0.4f, 0.9f), order);
  EXPECT_EQ(std::vector<int>(order, order + 4), (std::vector<int>{2, 3, 0, 1}));
}

TEST(CollectCandidates, LeavesOutWhatLostBefore) {
  const Vec2 own = {0, 0};
  const Vec2 neighbours[4] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}};
  Vec2 out[kMaxCandidates];
  ASSERT_EQ(CollectCandidates({own, 1.0f}, neighbours, out, 0b1010u), 2);
  EXPECT_TRUE(Same(out[0], neighbours[1]));
  EXPECT_TRUE(Same(out[1], neighbours[3]));
  // A point that was moved after its score was taken has nothing to compare with.
  EXPECT_EQ(CollectCandidates({own, UnknownScore()}, neighbours, out, 0u), 5);
}

}  // namespace
}  // namespace nemf
