#include "server/engine/math/search.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nemf {
namespace {

const Vec2 kA = {0.1f, 0.2f};
const Vec2 kB = {0.3f, 0.4f};
const Vec2 kC = {0.5f, 0.6f};

TEST(CollectCandidates, LeavesOutValuesSeenBefore) {
  const Vec2 neighbours[4] = {kB, kA, kB, kC};
  Vec2 out[kMaxCandidates];
  ASSERT_EQ(CollectCandidates({kA, 1.0f}, neighbours, out), 2);
  EXPECT_TRUE(Same(out[0], kB));
  EXPECT_TRUE(Same(out[1], kC));
}

TEST(CollectCandidates, PutsAnUnscoredOwnValueFirst) {
  const Vec2 neighbours[4] = {kB, kA, kC, kC};
  Vec2 out[kMaxCandidates];
  ASSERT_EQ(CollectCandidates({kA, NAN}, neighbours, out), 3);
  EXPECT_TRUE(Same(out[0], kA));
}

TEST(CollectCandidates, IsEmptyWhereAllAgree) {
  const Vec2 neighbours[4] = {kA, kA, kA, kA};
  Vec2 out[kMaxCandidates];
  EXPECT_EQ(CollectCandidates({kA, 1.0f}, neighbours, out), 0);
}

TEST(SelectBest, TakesTheFirstOfEquals) {
  const Vec2 candidates[3] = {kB, kC, kA};
  const float scores[3] = {2.0f, 2.0f, 1.0f};
  EXPECT_TRUE(Same(SelectBest({kA, 1.0f}, candidates, scores, 3).point, kB));
  EXPECT_TRUE(Same(SelectBest({kA, 2.0f}, candidates, scores, 3).point, kA));
}

TEST(SelectBest, UsesTheScoreOfAnUnscoredOwnValue) {
  const Vec2 candidates[2] = {kA, kB};
  const float scores[2] = {3.0f, 2.0f};
  const ScoredPoint best = SelectBest({kA, NAN}, candidates, scores, 2);
  EXPECT_TRUE(Same(best.point, kA));
  EXPECT_EQ(best.score, 3.0f);
}

TEST(RandomCandidate, StaysWithinTheRadius) {
  for (int pixel = 0; pixel < 10000; ++pixel) {
    const Vec2 candidate = RandomCandidate({0, 0}, 0.1f, 5, pixel, 3);
    ASSERT_LE(std::abs(candidate.x), 0.1f);
    ASSERT_LE(std::abs(candidate.y), 0.1f);
  }
}

TEST(RandomCandidate, DependsOnSeedPixelAndIteration) {
  const Vec2 candidate = RandomCandidate(kA, 0.1f, 5, 7, 3);
  EXPECT_TRUE(Same(candidate, RandomCandidate(kA, 0.1f, 5, 7, 3)));
  EXPECT_FALSE(Same(candidate, RandomCandidate(kA, 0.1f, 6, 7, 3)));
  EXPECT_FALSE(Same(candidate, RandomCandidate(kA, 0.1f, 5 + (1ULL << 32), 7, 3)));
  EXPECT_FALSE(Same(candidate, RandomCandidate(kA, 0.1f, 5, 8, 3)));
  EXPECT_FALSE(Same(candidate, RandomCandidate(kA, 0.1f, 5, 7, 4)));
}

TEST(ClampAround, MovesEachAxisForItself) {
  const Vec2 clamped = ClampAround({1.0f, 0.05f}, {0, 0}, 0.1f);
  EXPECT_EQ(clamped.x, 0.1f);
  EXPECT_EQ(clamped.y, 0.05f);
  EXPECT_EQ(ClampAround({-1.0f, 0}, {0, 0}, 0.1f).x, -0.1f);
}

}  // namespace
}  // namespace nemf
