#include "server/service/correspondence/flow_consistency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace nemf {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The backward displacement at a pixel of the reference; outside of it, of the nearest pixel.
double Displacement(const BackwardFlow& flow, int x, int y, bool is_x) {
  x = std::min(std::max(x, 0), flow.reference.width - 1);
  y = std::min(std::max(y, 0), flow.reference.height - 1);
  const Point match = flow.matches[y * flow.reference.width + x].reference;
  return is_x ? match.x - x : match.y - y;
}

// The definition, as a sum of hats over every pixel of the reference.
double NaiveDistance(Point pixel, Point match, const BackwardFlow& flow) {
  const ImageSize size = flow.reference;
  if (!(match.x >= 0 && match.y >= 0 && match.x <= size.width - 1 && match.y <= size.height - 1)) {
    return kInfinity;
  }
  double back[2] = {0, 0};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double weight = std::max(0.0, 1 - std::abs(double{match.x} - x)) *
                            std::max(0.0, 1 - std::abs(double{match.y} - y));
      back[0] += weight * Displacement(flow, x, y, true);
      back[1] += weight * Displacement(flow, x, y, false);
    }
  }
  return std::sqrt(std::pow(match.x + back[0] - pixel.x, 2) +
                   std::pow(match.y + back[1] - pixel.y, 2));
}

struct Sizes {
  ImageSize query;
  ImageSize reference;
};

void PrintTo(const Sizes& sizes, std::ostream* out) {
  *out << sizes.query.width << "x" << sizes.query.height << " to " << sizes.reference.width << "x"
       << sizes.reference.height;
}

class FlowConsistencyTest : public ::testing::TestWithParam<Sizes> {
 protected:
  // Up to two pixels beyond the image, and every fourth time exactly on a pixel.
  Point RandomPoint(ImageSize size) {
    const auto coordinate = [this](int pixels) {
      std::uniform_real_distribution<float> anywhere(-2, static_cast<float>(pixels) + 1);
      const float value = anywhere(random_);
      return random_() % 4 == 0 ? std::round(value) : value;
    };
    const float x = coordinate(size.width);
    return {x, coordinate(size.height)};
  }

  std::mt19937 random_{5};
};

TEST_P(FlowConsistencyTest, IsItsDefinition) {
  const auto [query, reference] = GetParam();
  BackwardFlow backward{.matches = {}, .reference = reference};
  for (int i = 0; i < reference.width * reference.height; ++i) {
    backward.matches.push_back({.reference = RandomPoint(query)});
  }
  int inside = 0;
  int outside = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < query.width * query.height; ++i) {
      const Point pixel = {static_cast<float>(i % query.width),
                           static_cast<float>(i / query.width)};
      const Point match = RandomPoint(reference);
      const float found = ForwardBackwardDistance(pixel, match, backward);
      const double expected = NaiveDistance(pixel, match, backward);
      ++(std::isfinite(expected) ? inside : outside);
      if (!std::isfinite(expected)) {
        ASSERT_EQ(found, kInfinity) << match.x << "," << match.y;
      } else {
        ASSERT_NEAR(found, expected, 1e-5 * (1 + expected)) << match.x << "," << match.y;
      }
    }
  }
  EXPECT_GT(inside, 0);
  EXPECT_GT(outside, 0);
}

INSTANTIATE_TEST_SUITE_P(All, FlowConsistencyTest,
                         ::testing::Values(Sizes{{7, 5}, {9, 3}}, Sizes{{13, 1}, {1, 11}},
                                           Sizes{{1, 17}, {6, 1}}, Sizes{{31, 2}, {1, 1}},
                                           Sizes{{1, 40}, {2, 2}}, Sizes{{23, 19}, {17, 29}}));

TEST(ForwardBackwardDistanceTest, IsNothingWhereTheWayBackIsTheSame) {
  // All of a reference of 3 x 2 pixels goes back by (-1, -2).
  BackwardFlow backward{.matches = {}, .reference = {3, 2}};
  for (int i = 0; i < 6; ++i) {
    backward.matches.push_back(
        {.reference = {static_cast<float>(i % 3) - 1, static_cast<float>(i / 3) - 2}});
  }
  EXPECT_EQ(ForwardBackwardDistance({0.5f, -1.75f}, {1.5f, 0.25f}, backward), 0);
  EXPECT_EQ(ForwardBackwardDistance({0, 0}, {2, 1}, backward), std::sqrt(2.0f));
}

TEST(ForwardBackwardDistanceTest, IsInfiniteOutsideOfTheReference) {
  const BackwardFlow backward{.matches = {{}, {}}, .reference = {2, 1}};
  EXPECT_EQ(ForwardBackwardDistance({}, {1, 0}, backward), 0);
  for (const Point match :
       {Point{std::nextafter(1.0f, 2.0f), 0}, Point{0, 1e-6f}, Point{-1e-6f, 0}, Point{kNan, 0},
        Point{0, kNan}, Point{kInfinity, 0}, Point{0, -kInfinity}, Point{3e9f, 0}}) {
    EXPECT_EQ(ForwardBackwardDistance({}, match, backward), kInfinity) << match.x << "," << match.y;
  }
}

}  // namespace
}  // namespace nemf
