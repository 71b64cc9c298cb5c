#include "server/service/correspondence/flow_chunker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "server/engine/math/half.h"
#include "server/service/correspondence/float_bytes.h"

namespace nemf {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct ChunkCase {
  int width;
  int height;
  bool confidence;
  v1::FlowType type = v1::FLOAT32;
  bool consistency = false;

  std::size_t bytes() const { return type == v1::FLOAT16 ? 2 : 4; }  // of a number
};

void PrintTo(const ChunkCase& value, std::ostream* out) {
  *out << value.width << "x" << value.height << (value.confidence ? " confidence" : "")
       << (value.consistency ? " consistency " : " ") << v1::FlowType_Name(value.type);
}

// The number at an index, as it was sent.
float At(const std::string& bytes, std::size_t index, v1::FlowType type) {
  if (type == v1::FLOAT16) {
    std::uint16_t half;
    std::memcpy(&half, bytes.data() + index * sizeof half, sizeof half);
    return HalfToFloat(half);
  }
  float value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

// The number as it arrives.
float Sent(float value, v1::FlowType type) {
  return type == v1::FLOAT16 ? HalfToFloat(FloatToHalf(value)) : value;
}

std::vector<Match> SomeMatches(int width, int height) {
  std::vector<Match> matches(std::size_t{1} * width * height);
  for (int i = 0; i < width * height; ++i) {
    const float x = static_cast<float>(i % width);
    const float y = static_cast<float>(i / width);
    matches[i] = {.reference = {x + 0.5f, y - static_cast<float>(i % 1000)},
                  .score = static_cast<float>(i % 7) - 3,
                  .in_bounds = true};
  }
  return matches;
}

class FlowChunkerTest : public ::testing::TestWithParam<ChunkCase> {
 protected:
  // A reference of 2 x 1 pixels, both of which lead back to (3, 4).
  const BackwardFlow backward_ = {{{.reference = {3, 4}}, {.reference = {3, 4}}}, {2, 1}};

  void ExpectPixel(const v1::FlowChunk& chunk, std::size_t i, std::size_t index,
                   const Match& match) const {
    const auto [width, height, confidence, type, consistency] = GetParam();
    const Point pixel = {static_cast<float>(index % width), static_cast<float>(index / width)};
    ASSERT_EQ(At(chunk.flow(), 2 * i, type), Sent(match.reference.x - pixel.x, type));
    ASSERT_EQ(At(chunk.flow(), 2 * i + 1, type), Sent(match.reference.y - pixel.y, type));
    if (confidence) {
      ASSERT_EQ(At(chunk.confidence(), i, type), Sent(Confidence(match.score), type));
    }
    if (consistency) {
      ASSERT_EQ(At(chunk.consistency(), i, type),
                Sent(ForwardBackwardDistance(pixel, match.reference, backward_), type));
    }
  }
};

TEST_P(FlowChunkerTest, CoversEveryRowOnceInSmallMessages) {
  const auto [width, height, confidence, type, consistency] = GetParam();
  const std::vector<Match> matches = SomeMatches(width, height);
  FlowPlanes planes{.type = type, .confidence = confidence};
  if (consistency) planes.backward = backward_;
  FlowChunker chunker(matches, {width, height}, std::move(planes));
  int row = 0;
  while (!chunker.done()) {
    v1::ComputeFlowResponse message;
    *message.mutable_chunk() = chunker.Next();
    const v1::FlowChunk& chunk = message.chunk();
    ASSERT_LE(message.ByteSizeLong(), kMaxFlowMessageBytes);
    ASSERT_EQ(chunk.first_row(), row);
    ASSERT_GE(chunk.rows(), 1);
    const std::size_t pixels = std::size_t{chunk.rows()} * width;
    const std::size_t plane_bytes = pixels * GetParam().bytes();
    ASSERT_EQ(chunk.flow().size(), 2 * plane_bytes);
    ASSERT_EQ(chunk.confidence().size(), confidence ? plane_bytes : 0);
    ASSERT_EQ(chunk.consistency().size(), consistency ? plane_bytes : 0);
    const std::size_t first = std::size_t{1} * row * width;
    for (std::size_t i = 0; i < pixels; ++i) ExpectPixel(chunk, i, first + i, matches[first + i]);
    row += static_cast<int>(chunk.rows());
  }
  EXPECT_EQ(row, height);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FlowChunkerTest,
                         ::testing::Values(ChunkCase{1, 1, false}, ChunkCase{1, 1, true},
                                           ChunkCase{1, 300'001, false},
                                           ChunkCase{1, 100'003, true}, ChunkCase{65'500, 1, true},
                                           ChunkCase{65'500, 3, false}, ChunkCase{641, 479, true},
                                           ChunkCase{641, 479, false}, ChunkCase{131, 1000, true},
                                           ChunkCase{65'500, 2, true, v1::FLOAT32, true},
                                           ChunkCase{65'500, 3, true, v1::FLOAT16, true},
                                           ChunkCase{641, 479, false, v1::FLOAT16},
                                           ChunkCase{641, 479, true, v1::FLOAT16, true},
                                           ChunkCase{1, 300'001, false, v1::FLOAT16, true},
                                           ChunkCase{2, 1, false, v1::FLOAT32, true}));

TEST(FlowChunkerPreviewTest, IsOfTheFlowsTypeToo) {
  FlowChunker chunker(std::vector<Point>{{1e5f, -1e5f}, {3.0005f, 0}}, {2, 1}, v1::FLOAT16);
  const v1::FlowChunk chunk = chunker.Next();
  EXPECT_TRUE(chunker.done());
  ASSERT_EQ(chunk.flow().size(), 8);
  EXPECT_EQ(At(chunk.flow(), 0, v1::FLOAT16), kInfinity);
  EXPECT_EQ(At(chunk.flow(), 1, v1::FLOAT16), -kInfinity);
  EXPECT_EQ(At(chunk.flow(), 2, v1::FLOAT16), 2);
  EXPECT_TRUE(chunk.consistency().empty());
}

TEST(ConfidenceTest, IsTheSigmoid) {
  EXPECT_EQ(Confidence(0), 0.5f);
  EXPECT_NEAR(Confidence(2), 0.880797f, 1e-6);
  EXPECT_EQ(Confidence(-1000), 0);
  EXPECT_EQ(Confidence(1000), 1);
}

TEST(AppendHalfTest, MakesInfiniteWhatRoundsBeyondTheLargest) {
  const auto sent = [](float value) {
    std::string bytes;
    AppendHalf(value, &bytes);
    EXPECT_EQ(bytes.size(), 2u);
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data(), bytes.size());
    return HalfToFloat(half);
  };
  for (const auto& [value, expected] :
       {std::pair(65504.0f, 65504.0f), std::pair(65519.0f, 65504.0f),
        std::pair(65520.0f, kInfinity), std::pair(1e30f, kInfinity),
        std::pair(kInfinity, kInfinity)}) {
    EXPECT_EQ(sent(value), expected) << value;
    EXPECT_EQ(sent(-value), -expected) << value;
  }
}

}  // namespace
}  // namespace nemf
