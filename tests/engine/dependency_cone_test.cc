#include "server/engine/matching/dependency_cone.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <set>

namespace nemf {
namespace {

struct ConeCase {
  ImageSize size;
  std::vector<int> support;
  int iterations;
};

// What ctest calls the case.
void PrintTo(const ConeCase& cone, std::ostream* out) {
  *out << cone.support.size() << " pixels of " << cone.size.width << "x" << cone.size.height << ", "
       << cone.iterations << " iterations";
}

class Cone : public ::testing::TestWithParam<ConeCase> {};

int DistanceToSupport(const ConeCase& cone, int pixel) {
  int best = std::numeric_limits<int>::max();
  for (const int each : cone.support) {
    const int width = cone.size.width;
    best = std::min(
        best, std::abs(each % width - pixel % width) + std::abs(each / width - pixel / width));
  }
  return best;
}

TEST_P(Cone, UpdatesThePixelsWithinTheDistanceLeft) {
  const ConeCase& cone = GetParam();
  const DependencyCone set = DependencyCone::Cone(cone.size, cone.support, cone.iterations);
  const int pixels = cone.size.width * cone.size.height;
  for (int i = -1; i < cone.iterations; ++i) {
    const int count = i < 0 ? set.size() : set.Updated(i);
    std::set<int> found;
    for (int site = 0; site < count; ++site) found.insert(PixelOf(set.view(), site));
    std::set<int> expected;
    for (int pixel = 0; pixel < pixels; ++pixel) {
      if (DistanceToSupport(cone, pixel) <= cone.iterations - 1 - i) expected.insert(pixel);
    }
    EXPECT_EQ(found, expected) << "iteration " << i;
    EXPECT_EQ(static_cast<int>(found.size()), count);
  }
}

TEST_P(Cone, NeighboursAreThePixelsOfTheDenseCase) {
  const ConeCase& cone = GetParam();
  const DependencyCone set = DependencyCone::Cone(cone.size, cone.support, cone.iterations);
  const ConeView all{cone.size.width, cone.size.height, nullptr, nullptr};
  for (int site = 0; cone.iterations > 0 && site < set.Updated(0); ++site) {
    int sites[4];
    int expected[4];
    NeighbourSites(set.view(), site, sites);
    NeighbourSites(all, PixelOf(set.view(), site), expected);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(PixelOf(set.view(), sites[i]), expected[i]);
  }
}

TEST_P(Cone, FindsItsSupport) {
  const ConeCase& cone = GetParam();
  const DependencyCone set = DependencyCone::Cone(cone.size, cone.support, cone.iterations);
  for (const int pixel : cone.support) {
    EXPECT_EQ(PixelOf(set.view(), set.SupportSite(pixel)), pixel);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Cone,
                         ::testing::Values(ConeCase{{20, 15}, {20 * 7 + 9}, 4},
                                           ConeCase{{20, 15}, {0, 299, 0}, 6},
                                           ConeCase{{20, 15}, {40, 41, 60, 61}, 0},
                                           ConeCase{{1, 9}, {4}, 3}, ConeCase{{9, 1}, {8, 0}, 3},
                                           ConeCase{{2, 2}, {3}, 5}, ConeCase{{1, 1}, {0}, 2},
                                           ConeCase{{6, 6}, {14}, 30}));

TEST(AllPixels, AreTheirOwnSites) {
  const DependencyCone set = DependencyCone::All({5, 4}, 3);
  EXPECT_EQ(set.size(), 20);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(set.Updated(i), 20);
  EXPECT_EQ(PixelOf(set.view(), 13), 13);
  EXPECT_EQ(set.SupportSite(13), 13);
}

}  // namespace
}  // namespace nemf
