#include "nemf/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace nemf::client {
namespace {

TEST(StatusTest, DefaultIsSuccess) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().ToString(), "OK");
}

TEST(StatusTest, ToStringNamesTheCode) {
  EXPECT_EQ(Status(Code::kNotFound, "no model x").ToString(), "NOT_FOUND: no model x");
  EXPECT_STREQ(CodeName(Code::kUnauthenticated), "UNAUTHENTICATED");
  EXPECT_STREQ(CodeName(static_cast<Code>(99)), "UNKNOWN");
}

TEST(ResultTest, HoldsTheValueOrTheError) {
  const Result<std::string> good = std::string("value");
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(good.status().ok());
  EXPECT_EQ(*good, "value");
  EXPECT_EQ(good->size(), 5u);

  const Result<std::string> bad = Status(Code::kInternal, "broken");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().code(), Code::kInternal);
  EXPECT_THROW(bad.value(), std::bad_variant_access);
}

TEST(ResultTest, MovesTheValueOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 3);
}

}  // namespace
}  // namespace nemf::client
