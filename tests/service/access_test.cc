// Who may call, and what a server says to the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "server/service/security/access_control.h"
#include "tests/service/puppet_server.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;
using testing::OneKeypoint;

constexpr char kToken[] = "alices-token-0001";

class AccessTest : public testing::PuppetServerTest {
 protected:
  AccessTest() { std::ofstream(path_) << kToken << " alice client\n"; }
  ~AccessTest() override { std::filesystem::remove(path_); }

  void StartWithTokens() { Start(/*at_once=*/true, {.tokens_file = path_.string()}); }

  // Ends a unary call with the values of `authorization`.
  grpc::Status Transfer(const std::vector<std::string>& authorization) {
    grpc::ClientContext context;
    for (const std::string& value : authorization) {
      context.AddMetadata(kAuthorizationKey, value);
    }
    v1::TransferKeypointsResponse response;
    return stub_->TransferKeypoints(&context, OneKeypoint(), &response);
  }

  const std::filesystem::path path_ =
      std::filesystem::path(::testing::TempDir()) /
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(AccessTest, WithoutTokensEverybodyMayCall) {
  Start(/*at_once=*/true);
  EXPECT_TRUE(Transfer({}).ok());
  EXPECT_EQ(Records().at(0).client, "ipv4:127.0.0.1");
}

TEST_F(AccessTest, LetsTokensIn) {
  StartWithTokens();
  EXPECT_TRUE(Transfer({std::string("Bearer ") + kToken}).ok());
  EXPECT_TRUE(Transfer({std::string("bearer ") + kToken}).ok());
  EXPECT_EQ(Records().at(0).client, "alice");
}

TEST_F(AccessTest, NamesTheRuleAndNeverWhatWasSent) {
  StartWithTokens();
  const std::string good = std::string("Bearer ") + kToken;
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "metadata authorization is missing, must be Bearer TOKEN"},
      {{kToken}, "metadata authorization, must be Bearer TOKEN, once"},
      {{good, good}, "metadata authorization, must be Bearer TOKEN, once"},
      {{"Bearer mallorys-token-01"}, "the token is not among those that this server accepts"},
      {{good + "1"}, "the token is not among those that this server accepts"},
      {{"Bearer "}, "the token is not among those that this server accepts"}};
  for (const auto& [sent, message] : cases) {
    const grpc::Status status = Transfer(sent);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(status.error_message(), message);
  }
  EXPECT_EQ(Records().size(), cases.size());
  EXPECT_EQ(Records().at(0).client, "");
}

TEST_F(AccessTest, GuardsStreamsToo) {
  StartWithTokens();
  {
    grpc::ClientContext context;
    v1::ComputeFlowRequest request;
    const auto reader = stub_->ComputeFlow(&context, request);
    v1::ComputeFlowResponse message;
    EXPECT_FALSE(reader->Read(&message));
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  v1::TransferKeypointsStreamResponse message;
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AccessTest, DoesNotStartWithFilesThatItCannotUse) {
  const auto start = [](GrpcServerOptions options) {
    options.listen.port = 0;
    return GrpcServer::Start(options, nullptr, nullptr, Clock::System()).status();
  };
  EXPECT_THAT(std::string(start({.tokens_file = "/no/such/file"}).message()),
              HasSubstr("token file /no/such/file: cannot be read"));
  const absl::Status tls =
      start({.tls = {.certificate_file = path_.string(), .key_file = path_.string()}});
  EXPECT_TRUE(absl::IsFailedPrecondition(tls));
  EXPECT_THAT(std::string(tls.message()),
              HasSubstr("TlsOptions.certificate_file = \"" + path_.string() +
                        "\": not a PEM certificate chain"));
}

TEST(AddressWithoutPortTest, CutsThePort) {
  EXPECT_EQ(AddressWithoutPort("ipv4:10.0.0.7:51234"), "ipv4:10.0.0.7");
  EXPECT_EQ(AddressWithoutPort("ipv6:%5B::1%5D:51234"), "ipv6:%5B::1%5D");
  EXPECT_EQ(AddressWithoutPort("unix:/run/a:b"), "unix:/run/a:b");
}

std::string OptionsError(const GrpcServerOptions& options) {
  return std::string(options.Validate().message());
}

TEST(AccessOptionsTest, PlaintextStaysOnTheMachineUnlessTold) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_EQ(OptionsError({.listen = {host, 1}}), "");
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.7", "gpu-box"}) {
    GrpcServerOptions options{.listen = {host, 1}};
    EXPECT_THAT(OptionsError(options), HasSubstr("must be a loopback address")) << host;
    options.allow_plaintext = true;
    EXPECT_TRUE(options.Validate().ok());
    options.allow_plaintext = false;
    options.tls = {.certificate_file = "c", .key_file = "k"};
    EXPECT_TRUE(options.Validate().ok());
  }
}

TEST(AccessOptionsTest, NamesTheBrokenRule) {
  EXPECT_EQ(OptionsError({.tls = {.certificate_file = "c"}}),
            "TlsOptions.certificate_file = \"c\" and key_file = \"\", must be given together");
  EXPECT_EQ(OptionsError({.tls = {.client_ca_file = "a"}}),
            "TlsOptions.client_ca_file = \"a\", must not be given without certificate_file");
  EXPECT_EQ(OptionsError({.tls = {.reload_seconds = 0}}),
            "TlsOptions.reload_seconds = 0, must be >= 1 and <= 86400");
  EXPECT_EQ(OptionsError({.connections = {.keepalive_seconds = 0}}),
            "ConnectionOptions.keepalive_seconds = 0, must be >= 1 and <= 1000000");
  EXPECT_EQ(OptionsError({.connections = {.max_age_seconds = -1}}),
            "ConnectionOptions.max_age_seconds = -1, must be >= 0 and <= 1000000");
}

}  // namespace
}  // namespace nemf
