#include "client/eval/tss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "client/eval/dataset.h"
#include "tests/client/cli_test.h"

namespace nemf::eval {
namespace {

using ::testing::ElementsAre;

client::FlowField Field(int width, int height, client::Displacement value) {
  client::FlowField field;
  field.width = width;
  field.height = height;
  field.flow.assign(static_cast<std::size_t>(width) * height, value);
  return field;
}

// 200 pixels wide: 10 pixels are the threshold of 5 pixels at a longer side of 100.
TEST(ScoreFlowTest, CountsTheForegroundOnly) {
  client::FlowField truth = Field(200, 2, {0, 0});
  client::FlowField flow = Field(200, 2, {50, 0});
  cv::Mat mask(2, 200, CV_8UC1, cv::Scalar(0));
  for (int x = 0; x < 8; ++x) mask.at<unsigned char>(1, x) = x % 2 == 0 ? 255 : 1;
  const auto at = [](client::FlowField* field, int x) -> client::Displacement& {
    return field->flow[200 + x];
  };
  at(&flow, 0) = {0, 10};
  at(&flow, 1) = {-6, 8};
  at(&flow, 2) = {0, 10.01f};
  at(&flow, 3) = {0, 0};
  at(&truth, 4) = {1e10f, 1e10f};
  at(&truth, 5) = {std::numeric_limits<float>::quiet_NaN(), 0};
  at(&flow, 6) = {std::numeric_limits<float>::infinity(), 0};
  at(&truth, 7) = {40, 0};
  const TssScore score = ScoreFlow(flow, truth, mask);
  EXPECT_EQ(score.pixels, 6);
  EXPECT_EQ(score.correct, 4);  // 0, 1, 3 and 7
  EXPECT_NEAR(score.Share(), 4.0 / 6, 1e-12);
}

TEST(ScoreFlowTest, MeansTheScaledError) {
  const cv::Mat mask(50, 20, CV_8UC1, cv::Scalar(9));
  const TssScore score = ScoreFlow(Field(20, 50, {3, 0}), Field(20, 50, {0, 4}), mask);
  EXPECT_EQ(score.pixels, 1000);
  EXPECT_EQ(score.Share(), 0);  // 5 pixels of 50 are 10 of 100
  EXPECT_NEAR(score.error, 10, 1e-6);
  EXPECT_EQ(TssScore().Share(), 0);
}

class ReadTssTest : public cli::FolderTest {
 protected:
  void WriteFolder(const std::string& folder, const std::string& flip) {
    std::filesystem::create_directories(Path(folder));
    Write(folder + "/flow1.flo", "");
    Write(folder + "/flip_gt.txt", flip);
  }
};

TEST_F(ReadTssTest, ListsBothDirections) {
  WriteFolder("JODS/car_01_02", "0");
  WriteFolder("FG3DCar/x", "1\n");
  std::filesystem::create_directories(Path("JODS/empty"));
  const FlowDataset dataset = ReadTss(Path(""));
  EXPECT_TRUE(dataset.problems.empty());
  ASSERT_EQ(dataset.pairs.size(), 4u);
  EXPECT_EQ(dataset.pairs[0].name, "FG3DCar/x 1 > 2");
  EXPECT_TRUE(dataset.pairs[0].mirrored);
  const FlowPair& pair = dataset.pairs[3];
  EXPECT_EQ(pair.name, "JODS/car_01_02 2 > 1");
  EXPECT_EQ(pair.category, "JODS");
  EXPECT_FALSE(pair.mirrored);
  EXPECT_EQ(pair.query_path, Path("JODS/car_01_02/image2.png"));
  EXPECT_EQ(pair.reference_path, Path("JODS/car_01_02/image1.png"));
  EXPECT_EQ(pair.flow_path, Path("JODS/car_01_02/flow2.flo"));
  EXPECT_EQ(pair.mask_path, Path("JODS/car_01_02/mask2.png"));
}

TEST_F(ReadTssTest, NamesTheFileThatIsWrong) {
  WriteFolder("JODS/a", "yes");
  EXPECT_THAT(ReadTss(Path("")).problems,
              ElementsAre(Path("JODS/a/flip_gt.txt") + ":1: \"yes\", must be 0 or 1"));
  EXPECT_THROW(ReadTss(Path("none")), DatasetError);
  EXPECT_THROW(ReadTss(Path("JODS/a")), DatasetError);
}

}  // namespace
}  // namespace nemf::eval
