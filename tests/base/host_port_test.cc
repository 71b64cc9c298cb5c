#include "server/base/host_port.h"

#include <gtest/gtest.h>

namespace nemf {
namespace {

TEST(HostPortTest, ParsesAndPrints) {
  for (const char* text : {"127.0.0.1:50051", "localhost:0", "a.example:65535", "[::1]:80"}) {
    const std::optional<HostPort> parsed = ParseHostPort(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->ToString(), text);
  }
  EXPECT_EQ(ParseHostPort("[::1]:80")->host, "::1");
}

TEST(HostPortTest, RefusesEverythingElse) {
  for (const char* text : {"", "localhost", ":80", "[]:80", "a:b", "a:", "a:65536", "a:-1", "::1",
                           "::1:80", "a:80x"}) {
    EXPECT_FALSE(ParseHostPort(text)) << text;
  }
}

}  // namespace
}  // namespace nemf
