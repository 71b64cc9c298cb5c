#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "client/render/file_formats.h"
#include "tests/client/cli_test.h"
#include "tests/client/fake_server.h"

namespace nemf::cli {
namespace {

using ::nemf::testing::Chunk;
using ::nemf::testing::FakeServer;
using ::nemf::testing::Header;
using ::nemf::testing::ShiftBy;
using ::nemf::testing::Trailer;
using ::nemf::testing::WriteMessages;
using nlohmann::json;
using ::testing::HasSubstr;

class CliBenchTest : public FolderTest {
 protected:
  // `bench` with two small photographs, for a short time, and more arguments.
  Outcome Bench(const FakeServer& server, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"bench",   "--server",  server.target(),
                                          "--pairs", Path(""),    "--duration",
                                          "0.3",     "--warm-up", "0.1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(arguments);
  }

  const std::string first_ = WriteImage("first.png", 40, 30);
  const std::string second_ = WriteImage("second.png", 25, 35);
};

// The whole accounting of a report.
void ExpectComplete(const json& root) {
  const json& requests = root["requests"];
  EXPECT_EQ(requests["started"].get<int>(), requests["warm_up"].get<int>() +
                                                requests["measured"].get<int>() +
                                                requests["after"].get<int>());
  for (const char* name : {"all", "keypoint_requests", "flow_requests"}) {
    int ended = root[name]["answers"];
    for (const auto& [code, count] : root[name]["errors"].items()) ended += count.get<int>();
    EXPECT_EQ(ended, root[name]["requests"].get<int>()) << name;
  }
  EXPECT_EQ(root["all"]["requests"], requests["measured"]);
}

TEST_F(CliBenchTest, ClosedLoopCountsWhatTheServerSaw) {
  std::atomic<int> seen = 0;
  const FakeServer server({.transfer = [&seen](const auto& request, auto* response) {
    ++seen;
    return request.keypoints_size() == 4 ? ShiftBy(0, 0)(request, response)
                                         : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "");
  }});
  const Outcome outcome =
      Bench(server, {"--concurrency", "2", "--keypoints", "4", "--seed", "5", "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  ExpectComplete(root);
  EXPECT_EQ(root["loop"], "closed");
  EXPECT_EQ(root["model"], "fake/7 on cpu");
  EXPECT_EQ(root["seed"], 5);
  EXPECT_EQ(root["requests"]["started"], seen.load());
  EXPECT_GT(root["goodput"], 0.0);
  EXPECT_EQ(root["all"]["errors"], json::object());
  EXPECT_EQ(root["all"]["server_ms"]["match"]["p50"], 1500);
}

TEST_F(CliBenchTest, OpenLoopMixesFlowsAndWritesFiles) {
  const FakeServer server({.transfer = ShiftBy(0, 0),
                           .flow = WriteMessages({Header(5, 4), Chunk(5, 0, 4), Trailer()})});
  const Outcome outcome =
      Bench(server, {"--rate", "300", "--flow-share", "0.5", "--deadline-ms", "20000", "--json",
                     "--csv", Path("requests.csv"), "--png", Path("latency.png")});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  ExpectComplete(root);
  EXPECT_EQ(root["loop"], "open");
  EXPECT_GT(root["flow_requests"]["answers"], 0);
  EXPECT_GT(root["keypoint_requests"]["answers"], 0);
  const std::string csv = Read("requests.csv");
  const auto rows = std::count(csv.begin(), csv.end(), '\n') - 1;
  EXPECT_EQ(rows, root["requests"]["started"].get<int>());
  EXPECT_TRUE(client::DecodeImage(Read("latency.png")).ok());
}

TEST_F(CliBenchTest, CountsRefusalsWithTheirPushback) {
  std::atomic<int> calls = 0;
  const FakeServer server({.transfer =
                               [&calls](const auto& request, auto* response) {
                                 if (++calls % 2 == 1) return ShiftBy(0, 0)(request, response);
                                 return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
                               },
                           .retry_pushback_ms = 40});
  const Outcome outcome = Bench(server, {"--concurrency", "1", "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  ExpectComplete(root);
  EXPECT_GT(root["all"]["refused"], 0);
  EXPECT_EQ(root["all"]["refused_with_pushback"], root["all"]["refused"]);
  EXPECT_EQ(root["all"]["errors"]["RESOURCE_EXHAUSTED"], root["all"]["refused"]);
}

TEST_F(CliBenchTest, PrintsATable) {
  const FakeServer server({.transfer = ShiftBy(0, 0)});
  const Outcome outcome = Bench(server, {"--seed", "17"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("closed loop, 1 in flight; seed 17"));
  EXPECT_THAT(outcome.out, HasSubstr("p99.9"));
  EXPECT_THAT(outcome.out, HasSubstr("goodput"));
}

TEST_F(CliBenchTest, HasPicturesOfItsOwn) {
  const FakeServer server({.transfer = ShiftBy(0, 0)});
  const Outcome outcome = RunCli(
      {"bench", "--server", server.target(), "--duration", "0.1", "--warm-up", "0", "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out)["pictures"], "24 built-in pictures of 640 x 480");
}

TEST_F(CliBenchTest, SaysWhyNothingWasAnswered) {
  const FakeServer server({.transfer = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such model");
  }});
  const Outcome outcome = Bench(server, {});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_THAT(outcome.err, HasSubstr("NOT_FOUND: no such model"));
}

TEST_F(CliBenchTest, RefusesBadArguments) {
  const FakeServer server({.transfer = ShiftBy(0, 0)});
  EXPECT_EQ(Bench(server, {"--flow-share", "2"}).code, kUsageError);
  EXPECT_EQ(Bench(server, {"--rate", "-1"}).code, kUsageError);
  EXPECT_EQ(Bench(server, {"--concurrency", "0"}).code, kUsageError);
  EXPECT_EQ(Bench(server, {"--keypoints", "0"}).code, kUsageError);
  EXPECT_EQ(Bench(server, {"--csv", Path("no/file.csv")}).code, kFileError);
  const Outcome outcome = Bench(server, {"--deadline-ms", "-5"});
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr("--deadline-ms"));
}

}  // namespace
}  // namespace nemf::cli
