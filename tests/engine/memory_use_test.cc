#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/engine/load_model.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;

TEST(MemoryUseTest, KnowsWhatTheProcessHoldsOfTheHost) {
  const auto before = MeasureMemoryUse("cpu");
  ASSERT_TRUE(before.ok()) << before.status();
  constexpr std::int64_t kBytes = 64 << 20;
  const std::vector<char> touched(kBytes, 1);
  const auto after = MeasureMemoryUse("cpu");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GT(after->used - before->used, kBytes / 2);
  EXPECT_LT(after->used, after->total);
  EXPECT_EQ(after->total, before->total);
  EXPECT_EQ(touched.back(), 1);
}

TEST(MemoryUseTest, RefusesWhatIsNoDevice) {
  for (const char* device : {"", "gpu", "cuda:", "cuda:x"}) {
    const absl::Status status = MeasureMemoryUse(device).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("must be \"cpu\" or \"cuda:N\""));
  }
}

}  // namespace
}  // namespace nemf
