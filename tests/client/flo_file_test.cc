#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "client/render/file_formats.h"

namespace nemf::client {
namespace {

using ::testing::HasSubstr;

FlowField MakeField(int width, int height) {
  FlowField field;
  field.width = width;
  field.height = height;
  for (int i = 0; i < width * height; ++i) {
    field.flow.push_back({0.25f * static_cast<float>(i), -1e6f / static_cast<float>(i + 1)});
  }
  return field;
}

class FloSizeTest : public ::testing::TestWithParam<std::pair<int, int>> {};

TEST_P(FloSizeTest, RoundTrips) {
  const auto [width, height] = GetParam();
  const FlowField field = MakeField(width, height);
  const Result<FlowField> read = DecodeFlo(EncodeFlo(field));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->width, width);
  EXPECT_EQ(read->height, height);
  ASSERT_EQ(read->flow.size(), field.flow.size());
  EXPECT_EQ(std::memcmp(read->flow.data(), field.flow.data(), field.flow.size() * 8), 0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FloSizeTest,
                         ::testing::Values(std::pair(1, 1), std::pair(1, 9), std::pair(9, 1),
                                           std::pair(7, 5), std::pair(33, 17)),
                         [](const auto& info) {
                           return std::to_string(info.param.first) + "x" +
                                  std::to_string(info.param.second);
                         });

TEST(FloTest, HasTheMiddleburyLayout) {
  FlowField field;
  field.width = 2;
  field.height = 1;
  field.flow = {{1.0f, -2.0f}, {0.5f, 0.0f}};
  const std::string expected(
      "PIEH"
      "\x02\x00\x00\x00\x01\x00\x00\x00"
      "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x00\x00",
      28);
  EXPECT_EQ(EncodeFlo(field), expected);
}

void ExpectRefused(const std::string& bytes, const std::string& what) {
  const Result<FlowField> field = DecodeFlo(bytes);
  ASSERT_FALSE(field.ok()) << what;
  EXPECT_EQ(field.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(field.status().message(), HasSubstr(what));
}

TEST(FloTest, RefusesOtherBytes) {
  const std::string good = EncodeFlo(MakeField(3, 2));
  ExpectRefused("", "it has 0 bytes, must have at least 12");
  ExpectRefused(good.substr(0, 11), "it has 11 bytes");
  ExpectRefused("P1EH" + good.substr(4), "does not start with \"PIEH\"");
  ExpectRefused(good.substr(0, good.size() - 1), "it has 59 bytes, must have 60 for 3 x 2 pixels");
  ExpectRefused(good + "x", "it has 61 bytes");
  std::string negative = good;
  std::memset(negative.data() + 4, 0xff, 4);
  ExpectRefused(negative, "its size is -1 x 2");
  std::string empty = good;
  std::memset(empty.data() + 8, 0, 4);
  ExpectRefused(empty, "its size is 3 x 0");
}

}  // namespace
}  // namespace nemf::client
