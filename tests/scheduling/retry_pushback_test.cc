#include "server/scheduling/retry_pushback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nemf {
namespace {

using ::testing::Optional;

const absl::Status kError = absl::ResourceExhaustedError("full");

TEST(RetryPushbackTest, TravelsInTheStatus) {
  const absl::Status status = WithRetryAfter(kError, absl::Microseconds(1500));
  EXPECT_EQ(status.code(), kError.code());
  EXPECT_EQ(status.message(), kError.message());
  EXPECT_THAT(RetryPushbackMs(status), Optional(2));
  EXPECT_THAT(RetryPushbackMs(WithoutRetry(kError)), Optional(-1));
}

TEST(RetryPushbackTest, IsBounded) {
  EXPECT_THAT(RetryPushbackMs(WithRetryAfter(kError, absl::ZeroDuration())), Optional(1));
  EXPECT_THAT(RetryPushbackMs(WithRetryAfter(kError, absl::InfiniteDuration())), Optional(60'000));
}

TEST(RetryPushbackTest, MostStatusesHaveNone) {
  EXPECT_EQ(RetryPushbackMs(kError), std::nullopt);
  EXPECT_EQ(RetryPushbackMs(absl::OkStatus()), std::nullopt);
}

}  // namespace
}  // namespace nemf
