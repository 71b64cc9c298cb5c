#include "client/nemf/flow_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client/nemf/wire_floats.h"
#include "tests/client/fake_server.h"

namespace nemf::client {
namespace {

using ::nemf::testing::Chunk;
using ::nemf::testing::Header;
using ::nemf::testing::InHalves;
using ::nemf::testing::Preview;
using ::nemf::testing::Trailer;
using ::testing::HasSubstr;

using Messages = std::vector<v1::ComputeFlowResponse>;

Result<FlowResponse> Assemble(const Messages& messages, FlowPlanes planes = {}) {
  FlowAssembler assembler(planes);
  for (const v1::ComputeFlowResponse& message : messages) {
    if (auto band = assembler.Add(message); !band.ok()) return band.status();
  }
  return std::move(assembler).Finish();
}

void ExpectBroken(const Messages& messages, const std::string& what) {
  const Result<FlowResponse> response = Assemble(messages);
  ASSERT_FALSE(response.ok()) << what;
  EXPECT_EQ(response.status().code(), Code::kDataLoss);
  EXPECT_THAT(response.status().message(), HasSubstr(what));
}

v1::ComputeFlowResponse WithFlow(v1::ComputeFlowResponse message, const std::string& bytes) {
  message.mutable_chunk()->set_flow(bytes);
  return message;
}

struct Cut {
  int width;
  int height;
  int rows;  // per chunk; the last may have fewer

  std::string Name() const {
    return std::to_string(width) + "x" + std::to_string(height) + "by" + std::to_string(rows);
  }
  friend void PrintTo(const Cut& cut, std::ostream* out) { *out << cut.Name(); }
};

class FlowAssemblerCutTest : public ::testing::TestWithParam<Cut> {};

TEST_P(FlowAssemblerCutTest, PutsTheRowsTogether) {
  const Cut cut = GetParam();
  Messages messages = {Header(cut.width, cut.height)};
  for (int row = 0; row < cut.height; row += cut.rows) {
    messages.push_back(Chunk(cut.width, row, std::min(cut.rows, cut.height - row), true));
  }
  messages.push_back(Trailer());
  const Result<FlowResponse> response = Assemble(messages, {.confidence = true});
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  const FlowField& field = response->field;
  ASSERT_EQ(field.flow.size(), static_cast<std::size_t>(cut.width * cut.height));
  ASSERT_EQ(field.confidence.size(), field.flow.size());
  for (int y = 0; y < cut.height; ++y) {
    for (int x = 0; x < cut.width; ++x) {
      EXPECT_EQ(field.at(x, y).dx, x);
      EXPECT_EQ(field.at(x, y).dy, 100 + y);
      EXPECT_EQ(field.confidence[y * cut.width + x], x + 10 * y);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, FlowAssemblerCutTest,
                         ::testing::Values(Cut{1, 1, 1}, Cut{7, 5, 2}, Cut{1, 9, 4}, Cut{9, 1, 1},
                                           Cut{4, 6, 6}, Cut{3, 7, 1}),
                         [](const auto& info) { return info.param.Name(); });

TEST(FlowAssemblerTest, KeepsTheReferenceSizeAndTheStatistics) {
  const Result<FlowResponse> response = Assemble({Header(2, 1), Chunk(2, 0, 1), Trailer()});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->reference_width, 30);
  EXPECT_EQ(response->reference_height, 20);
  EXPECT_EQ(response->statistics.model_name, "fake");
  EXPECT_EQ(response->statistics.field_queries, 1234u);
  EXPECT_TRUE(response->field.confidence.empty());
}

TEST(FlowAssemblerTest, GivesEachBand) {
  FlowAssembler assembler({});
  EXPECT_FALSE(assembler.Add(Header(2, 3)).value().has_value());
  const std::optional<FlowBand> band = assembler.Add(Chunk(2, 0, 2)).value();
  ASSERT_TRUE(band.has_value());
  EXPECT_EQ(band->width, 2);
  EXPECT_EQ(band->height, 3);
  EXPECT_EQ(band->first_row, 0);
  EXPECT_EQ(band->rows, 2);
  EXPECT_EQ(band->flow.size(), 4u);
  EXPECT_EQ(band->flow[3].dy, 101);
  EXPECT_TRUE(band->confidence.empty());
}

TEST(FlowAssemblerTest, RefusesAStreamThatIsCutShort) {
  ExpectBroken({}, "it is empty");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 2)}, "ended without a trailer after 2 of 4 rows");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 4)}, "ended without a trailer after 4 of 4 rows");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 2), Trailer()}, "the trailer came after 2 of 4 rows");
}

TEST(FlowAssemblerTest, RefusesMessagesOutOfOrder) {
  ExpectBroken({Chunk(2, 0, 2)}, "the first message is not the header");
  ExpectBroken({Header(2, 4), Header(2, 4)}, "two headers");
  ExpectBroken({Header(2, 1), Chunk(2, 0, 1), Trailer(), Trailer()}, "after the trailer");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 1), Chunk(2, 2, 1)}, "rows from 2 came where row 1");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 2), Chunk(2, 1, 1)}, "rows from 1 came where row 2");
}

TEST(FlowAssemblerTest, RefusesWrongSizes) {
  ExpectBroken({Header(0, 4)}, "a header for 0 x 4 pixels");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 5)}, "more rows than the header's 4");
  ExpectBroken({Header(2, 4), Chunk(3, 0, 2)}, "48 bytes of flow for 2 rows");
  ExpectBroken({Header(2, 4), WithFlow(Chunk(2, 0, 1), "abc")}, "3 bytes of flow for 1 rows");
  ExpectBroken({Header(2, 4), Chunk(2, 0, 2, true)}, "16 bytes of confidence for 2 rows");
}

TEST(FlowAssemblerTest, RefusesAMissingConfidence) {
  const Result<FlowResponse> response =
      Assemble({Header(2, 1), Chunk(2, 0, 1), Trailer()}, {.confidence = true});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.status().message(), HasSubstr("0 bytes of confidence for 1 rows"));
}

TEST(FlowAssemblerTest, KeepsTheConsistency) {
  v1::ComputeFlowResponse trailer = Trailer();
  trailer.mutable_trailer()->set_forward_match_seconds(1.25);
  trailer.mutable_trailer()->set_backward_match_seconds(1.5);
  const Result<FlowResponse> response =
      Assemble({Header(3, 5), Chunk(3, 0, 2, true, true), Chunk(3, 2, 3, true, true), trailer},
               {.confidence = true, .consistency = true});
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  ASSERT_EQ(response->field.consistency.size(), 15);
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(response->field.consistency[i], 0.5f * static_cast<float>(i % 3 + 2 * (i / 3)));
  }
  EXPECT_EQ(response->field.confidence[14], 42);
  EXPECT_EQ(response->forward_match_seconds, 1.25);
  EXPECT_EQ(response->backward_match_seconds, 1.5);
}

TEST(FlowAssemblerTest, HoldsTheConsistencyToWhatWasAskedFor) {
  ExpectBroken({Header(2, 4), Chunk(2, 0, 2, false, true)}, "16 bytes of consistency for 2 rows");
  const Result<FlowResponse> response =
      Assemble({Header(2, 1), Chunk(2, 0, 1), Trailer()}, {.consistency = true});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.status().message(), HasSubstr("0 bytes of consistency for 1 rows"));
}

TEST(FlowAssemblerHalfTest, ReadsFloat16AsFloat) {
  FlowAssembler assembler({.confidence = true, .consistency = true});
  ASSERT_TRUE(assembler.Add(InHalves(Header(3, 5))).ok());
  ASSERT_TRUE(assembler.Add(InHalves(Preview(0, 3, 0, 5))).ok());
  const std::optional<FlowPreview> preview = assembler.TakePreview();
  ASSERT_TRUE(preview.has_value());
  EXPECT_EQ(preview->field.at(2, 4).dy, 104);
  const auto band = assembler.Add(InHalves(Chunk(3, 0, 5, true, true)));
  ASSERT_TRUE(band.ok()) << band.status().message();
  EXPECT_EQ((*band)->flow.size(), 15);
  EXPECT_EQ((*band)->consistency[14], 5);
  ASSERT_TRUE(assembler.Add(Trailer()).ok());
  const FlowField field = std::move(assembler).Finish().value().field;
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(field.flow[i].dx, i % 3);
    EXPECT_EQ(field.flow[i].dy, 100 + i / 3);
    EXPECT_EQ(field.confidence[i], i % 3 + 10 * (i / 3));
  }
}

TEST(FlowAssemblerHalfTest, HoldsSizesToTheType) {
  ExpectBroken({InHalves(Header(2, 4)), Chunk(2, 0, 2)}, "32 bytes of flow for 2 rows");
  ExpectBroken({Header(2, 4), InHalves(Chunk(2, 0, 2))}, "16 bytes of flow for 2 rows");
  v1::ComputeFlowResponse header = Header(2, 4);
  header.mutable_header()->set_type(static_cast<v1::FlowType>(9));
  ExpectBroken({header}, "a header for numbers of type 9, which this client does not know");
}

// Every half against its definition.
TEST(FromHalfTest, IsExact) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    const float found = FromHalf(static_cast<std::uint16_t>(bits));
    EXPECT_EQ(std::signbit(found), bits >> 15 != 0);
    if (exponent == 31) {
      EXPECT_TRUE(mantissa == 0 ? std::isinf(found) : std::isnan(found)) << bits;
      continue;
    }
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    EXPECT_EQ(std::abs(found), magnitude) << bits;
  }
}

// A header alone must not make the client allocate what it promises.
TEST(FlowAssemblerTest, SurvivesAHugeHeader) {
  const int huge = std::numeric_limits<int>::max();
  ExpectBroken({Header(huge, huge), Chunk(2, 0, 2)}, "32 bytes of flow for 2 rows");
}

TEST(FlowAssemblerPreviewTest, TellsWholePreviews) {
  FlowAssembler assembler({.confidence = true});
  std::vector<std::uint32_t> iterations;
  for (const auto& message : {Header(3, 5), Preview(0, 3, 0, 5), Preview(4, 3, 0, 2),
                              Preview(4, 3, 2, 3), Chunk(3, 0, 5, true), Trailer()}) {
    const auto band = assembler.Add(message);
    ASSERT_TRUE(band.ok()) << band.status().message();
    EXPECT_EQ(band->has_value(), message.has_chunk());
    const std::optional<FlowPreview> preview = assembler.TakePreview();
    if (!preview) continue;
    iterations.push_back(preview->iteration);
    EXPECT_EQ(preview->field.width, 3);
    EXPECT_EQ(preview->field.height, 5);
    EXPECT_EQ(preview->field.at(2, 4).dy, 104);
    EXPECT_TRUE(preview->field.confidence.empty());
  }
  EXPECT_EQ(iterations, (std::vector<std::uint32_t>{0, 4}));
  EXPECT_EQ(std::move(assembler).Finish()->field.confidence.size(), 15);
}

TEST(FlowAssemblerPreviewTest, HoldsPreviewsToTheProtocol) {
  ExpectBroken({Preview(0, 3, 0, 5)}, "the first message is not the header");
  ExpectBroken({Header(3, 5), Preview(0, 3, 1, 4)}, "rows from 1 came where row 0 was next");
  ExpectBroken({Header(3, 5), Preview(0, 3, 0, 6)}, "more rows than the header's 5");
  ExpectBroken({Header(3, 5), Preview(0, 3, 0, 2), Chunk(3, 0, 5)},
               "the preview of iteration 0 is not complete");
  ExpectBroken({Header(3, 5), Preview(0, 3, 0, 2), Preview(1, 3, 2, 3)},
               "rows of iteration 1 came among those of 0");
  ExpectBroken({Header(3, 5), Chunk(3, 0, 2), Preview(0, 3, 0, 5)},
               "a preview after the flow began");
}

}  // namespace
}  // namespace nemf::client
