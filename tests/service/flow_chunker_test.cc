#include "server/service/flow_chunker.h"

#include <gtest/gtest.h>

#include <cstring>

namespace nemf {
namespace {

float FloatAt(const std::string& bytes, std::size_t index) {
  float value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

struct ChunkCase {
  int width;
  int height;
  bool with_confidence;
};

void PrintTo(const ChunkCase& value, std::ostream* out) {
  *out << value.width << "x" << value.height << (value.with_confidence ? " confidence" : "");
}

class FlowChunkerTest : public ::testing::TestWithParam<ChunkCase> {};

TEST_P(FlowChunkerTest, CoversEveryRowOnceInSmallMessages) {
  const auto [width, height, with_confidence] = GetParam();
  std::vector<Match> matches(std::size_t{1} * width * height);
  for (int i = 0; i < width * height; ++i) {
    const float x = static_cast<float>(i % width);
    const float y = static_cast<float>(i / width);
    matches[i] = {.reference = {x + 0.5f, y - static_cast<float>(i % 1000)},
                  .score = static_cast<float>(i % 7) - 3,
                  .in_bounds = true};
  }
  FlowChunker chunker(matches, {width, height}, with_confidence);
  int row = 0;
  while (!chunker.done()) {
    v1::ComputeFlowResponse message;
    *message.mutable_chunk() = chunker.Next();
    const v1::FlowChunk& chunk = message.chunk();
    ASSERT_LE(message.ByteSizeLong(), kMaxFlowMessageBytes);
    ASSERT_EQ(chunk.first_row(), row);
    ASSERT_GE(chunk.rows(), 1);
    const std::size_t pixels = std::size_t{chunk.rows()} * width;
    ASSERT_EQ(chunk.flow().size(), pixels * 8);
    ASSERT_EQ(chunk.confidence().size(), with_confidence ? pixels * 4 : 0);
    for (std::size_t i = 0; i < pixels; ++i) {
      const int index = row * width + static_cast<int>(i);
      ASSERT_EQ(FloatAt(chunk.flow(), 2 * i), 0.5f);
      ASSERT_EQ(FloatAt(chunk.flow(), 2 * i + 1), -static_cast<float>(index % 1000));
      if (with_confidence) {
        ASSERT_EQ(FloatAt(chunk.confidence(), i), Confidence(matches[index].score));
      }
    }
    row += static_cast<int>(chunk.rows());
  }
  EXPECT_EQ(row, height);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FlowChunkerTest,
                         ::testing::Values(ChunkCase{1, 1, false}, ChunkCase{1, 1, true},
                                           ChunkCase{1, 300'001, false},
                                           ChunkCase{1, 100'003, true}, ChunkCase{65'536, 1, true},
                                           ChunkCase{65'536, 3, false}, ChunkCase{641, 479, true},
                                           ChunkCase{641, 479, false}, ChunkCase{131, 1000, true}));

TEST(ConfidenceTest, IsTheSigmoid) {
  EXPECT_EQ(Confidence(0), 0.5f);
  EXPECT_NEAR(Confidence(2), 0.880797f, 1e-6);
  EXPECT_EQ(Confidence(-1000), 0);
  EXPECT_EQ(Confidence(1000), 1);
}

}  // namespace
}  // namespace nemf
