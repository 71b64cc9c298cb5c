#include "server/service/rpc/status_conversion.h"

#include <gtest/gtest.h>

#include <string>

namespace nemf {
namespace {

TEST(ToGrpcStatusTest, KeepsEveryCode) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status =
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "why"));
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
    EXPECT_EQ(status.error_message(), "why");
  }
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError("")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(ToGrpcStatusTest, CutsLongMessages) {
  const std::string most(kMaxStatusMessageBytes, 'a');
  EXPECT_EQ(ToGrpcStatus(absl::InternalError(most)).error_message(), most);
  const std::string cut = ToGrpcStatus(absl::InternalError(most + "a")).error_message();
  EXPECT_EQ(cut.size(), kMaxStatusMessageBytes);
  EXPECT_EQ(cut.substr(cut.size() - 4), "a...");
}

TEST(ToGrpcStatusTest, CutsBetweenCharacters) {
  std::string message = "x";
  while (message.size() <= kMaxStatusMessageBytes) message += "\xC3\xA9";  // e with acute accent
  const std::string cut = ToGrpcStatus(absl::InternalError(message)).error_message();
  EXPECT_LE(cut.size(), kMaxStatusMessageBytes);
  EXPECT_EQ(cut.size() % 2, 0);  // "x", whole characters of two bytes, "..."
}

}  // namespace
}  // namespace nemf
