#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/load/photographs.h"
#include "client/load/random.h"
#include "client/load/traffic.h"
#include "client/render/file_formats.h"
#include "tests/client/cli_test.h"

namespace nemf::load {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 20;

// The generator's published first values for the seeds 0 and 1234567.
TEST(SplitMix64Test, MakesThePublishedNumbers) {
  EXPECT_EQ(SplitMix64(0).Next(), 0xE220A8397B1DCDAFu);
  SplitMix64 random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
}

TEST(SplitMix64Test, ItemsHaveNumbersOfTheirOwn) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t item = 0; item < 1000; ++item) {
    SplitMix64 random = SplitMix64::ForItem(kSeed, item);
    seen.insert(random.Next());
    seen.insert(random.Next());
  }
  EXPECT_EQ(seen.size(), 2000u);
}

// Exponential gaps: the mean is 1 / rate, and so is the standard deviation; a gap is longer than
// the mean with probability 1 / e.
TEST(PoissonArrivalsTest, GapsAreExponential) {
  constexpr double kRate = 40;
  constexpr int kCount = 100'000;
  PoissonArrivals arrivals(kRate, kSeed);
  double last = 0;
  double squares = 0;
  int longer = 0;
  for (int i = 0; i < kCount; ++i) {
    const double time = arrivals.Next();
    const double gap = time - last;
    ASSERT_GE(gap, 0);
    squares += (gap - 1 / kRate) * (gap - 1 / kRate);
    if (gap > 1 / kRate) ++longer;
    last = time;
  }
  EXPECT_NEAR(last / kCount, 1 / kRate, 0.01 / kRate);
  EXPECT_NEAR(std::sqrt(squares / kCount), 1 / kRate, 0.03 / kRate);
  EXPECT_NEAR(longer, kCount / std::exp(1), 0.01 * kCount);
}

TEST(PoissonArrivalsTest, EqualSeedsGiveEqualTimes) {
  PoissonArrivals first(3, 1);
  PoissonArrivals again(3, 1);
  PoissonArrivals other(3, 2);
  const double time = first.Next();
  EXPECT_EQ(again.Next(), time);
  EXPECT_NE(other.Next(), time);
}

TEST(TrafficOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(TrafficOptions().Validate().ok());
  for (const double share : {-0.1, 1.1, std::nan("")}) {
    EXPECT_THAT(TrafficOptions{.flow_share = share}.Validate().message(),
                HasSubstr("flow_share = "));
  }
  for (const int keypoints : {0, 10'001}) {
    EXPECT_THAT(TrafficOptions{.keypoints = keypoints}.Validate().message(),
                HasSubstr("keypoints = " + std::to_string(keypoints) + ", must be 1 to 10000"));
  }
}

TEST(PlanRequestTest, DrawsPairsPointsAndFlows) {
  const std::vector<Photograph> photographs = {
      {"a", "", 100, 50}, {"b", "", 7, 1}, {"c", "", 60, 90}};
  const TrafficOptions options = {.flow_share = 0.25, .keypoints = 3, .seed = kSeed};
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  int flows = 0;
  for (std::uint64_t index = 0; index < 4000; ++index) {
    const RequestPlan plan = PlanRequest(options, photographs, index);
    ASSERT_NE(plan.query, plan.reference);
    pairs.emplace(plan.query, plan.reference);
    if (plan.kind == RequestKind::kFlow) {
      ++flows;
      EXPECT_TRUE(plan.keypoints.empty());
      continue;
    }
    ASSERT_EQ(plan.keypoints.size(), 3u);
    const Photograph& query = photographs[plan.query];
    for (const client::Point& point : plan.keypoints) {
      EXPECT_GE(point.x, 0);
      EXPECT_LE(point.x, query.width - 1);
      EXPECT_GE(point.y, 0);
      EXPECT_LE(point.y, query.height - 1);
    }
  }
  EXPECT_EQ(pairs.size(), 6u);
  EXPECT_NEAR(flows, 1000, 120) << "seed " << kSeed;
}

TEST(PlanRequestTest, DependsOnSeedAndIndexAlone) {
  const std::vector<Photograph> photographs = MakePhotographs(8, 32, 32, 1);
  const TrafficOptions options = {.keypoints = 1, .seed = kSeed};
  const RequestPlan plan = PlanRequest(options, photographs, 5);
  PlanRequest(options, photographs, 4);
  EXPECT_EQ(PlanRequest(options, photographs, 5).keypoints[0].x, plan.keypoints[0].x);
  const TrafficOptions other = {.keypoints = 1, .seed = kSeed + 1};
  EXPECT_NE(PlanRequest(other, photographs, 5).keypoints[0].x, plan.keypoints[0].x);
  EXPECT_NE(PlanRequest(options, photographs, 6).keypoints[0].x, plan.keypoints[0].x);
}

TEST(MakePhotographsTest, MakesJpegFilesThatDiffer) {
  const std::vector<Photograph> photographs = MakePhotographs(3, 161, 97, kSeed);
  ASSERT_EQ(photographs.size(), 3u);
  for (const Photograph& photograph : photographs) {
    EXPECT_EQ(photograph.bytes.substr(0, 3), "\xFF\xD8\xFF");
    const client::Result<cv::Mat> image = client::DecodeImage(photograph.bytes);
    ASSERT_TRUE(image.ok());
    EXPECT_EQ(image->cols, 161);
    EXPECT_EQ(image->rows, 97);
  }
  EXPECT_NE(photographs[0].bytes, photographs[1].bytes);
  EXPECT_EQ(MakePhotographs(1, 161, 97, kSeed)[0].bytes, photographs[0].bytes);
}

using ReadPhotographsTest = cli::FolderTest;

TEST_F(ReadPhotographsTest, TakesImagesByName) {
  WriteImage("b.png", 20, 10);
  WriteImage("a.PNG", 30, 40);
  Write("notes.txt", "no image");
  const client::Result<std::vector<Photograph>> read = ReadPhotographs(Path(""));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].name, "a.PNG");
  EXPECT_EQ((*read)[0].width, 30);
  EXPECT_EQ((*read)[1].height, 10);
  EXPECT_EQ((*read)[1].bytes, Read("b.png"));
}

TEST_F(ReadPhotographsTest, NamesWhatIsWrong) {
  EXPECT_THAT(ReadPhotographs(Path("none")).status().message(), HasSubstr("none: cannot be read"));
  WriteImage("a.png", 20, 10);
  EXPECT_THAT(ReadPhotographs(Path("")).status().message(), HasSubstr("has 1 images"));
  Write("b.jpg", "no image");
  EXPECT_THAT(ReadPhotographs(Path("")).status().message(), HasSubstr("b.jpg: "));
}

}  // namespace
}  // namespace nemf::load
