#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "client/render/file_formats.h"
#include "tests/client/cli_test.h"
#include "tests/client/fake_server.h"

namespace nemf::cli {
namespace {

using ::nemf::testing::Chunk;
using ::nemf::testing::FakeServer;
using ::nemf::testing::Header;
using ::nemf::testing::InHalves;
using ::nemf::testing::Trailer;
using ::nemf::testing::WriteMessages;
using nlohmann::json;
using ::testing::HasSubstr;

class CliFlowTest : public FolderTest {
 protected:
  Outcome Flow(const FakeServer& server, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"flow", query_, reference_, "--server", server.target()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(arguments);
  }

  const std::string query_ = WriteImage("query.png", 3, 5);
  const std::string reference_ = WriteImage("reference.png", 30, 200);
};

TEST_F(CliFlowTest, WritesEveryFileAndPrintsJson) {
  const FakeServer server(
      {.flow = WriteMessages({Header(3, 5), Chunk(3, 0, 2), Chunk(3, 2, 3), Trailer()})});
  const Outcome outcome = Flow(
      server, {"--out", Path("f.flo"), "--png", Path("f.png"), "--warp", Path("w.png"), "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  EXPECT_EQ(root["width"], 3);
  EXPECT_EQ(root["height"], 5);
  EXPECT_EQ(root["mean_flow"], json::parse("[1.0, 102.0]"));
  EXPECT_EQ(root["statistics"]["model"], "fake/7");
  EXPECT_GT(root["seconds"], 0.0);

  const client::FlowField field = client::DecodeFlo(Read("f.flo")).value();
  EXPECT_EQ(field.at(2, 4).dy, 104);
  EXPECT_EQ(client::DecodeImage(Read("w.png")).value().size(), cv::Size(3, 5));
  EXPECT_TRUE(client::DecodeImage(Read("f.png")).ok());
}

TEST_F(CliFlowTest, PrintsASummary) {
  const FakeServer server({.flow = WriteMessages({Header(3, 1), Chunk(3, 0, 1), Trailer()})});
  const Outcome outcome = Flow(server, {});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("3 x 1 pixels, mean flow (1.00, 100.00) px"));
}

TEST_F(CliFlowTest, WritesTheConsistency) {
  v1::ComputeFlowRequest seen;
  const FakeServer server({.flow = [&seen](const auto& request, auto* writer) {
    seen = request;
    return WriteMessages({Header(3, 5), Chunk(3, 0, 5, false, true), Trailer()})(request, writer);
  }});
  const Outcome outcome = Flow(server, {"--consistency", Path("c.npy"), "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_TRUE(seen.with_consistency());
  EXPECT_EQ(seen.type(), v1::FLOW_TYPE_UNSPECIFIED);
  // At (x, y) it is x / 2 + y.
  const json consistency = json::parse(outcome.out)["consistency"];
  EXPECT_EQ(consistency["within_1_px"], 4.0 / 15);
  EXPECT_EQ(consistency["within_3_px"], 10.0 / 15);
  const std::string npy = Read("c.npy");
  EXPECT_THAT(npy, HasSubstr("'shape': (5,3,)"));
  float last = 0;
  ASSERT_GE(npy.size(), 15 * sizeof last);
  std::memcpy(&last, npy.data() + npy.size() - sizeof last, sizeof last);
  EXPECT_EQ(last, 5);

  const Outcome text = Flow(server, {"--consistency", Path("c.npy")});
  EXPECT_THAT(text.out, HasSubstr("within 1 px: 26.7 % of the pixels, within 3 px: 66.7 %"));
}

TEST_F(CliFlowTest, AsksForFloat16AndDecodesIt) {
  v1::ComputeFlowRequest seen;
  const FakeServer server({.flow = [&seen](const auto& request, auto* writer) {
    seen = request;
    return WriteMessages({InHalves(Header(3, 5)), InHalves(Chunk(3, 0, 5)), Trailer()})(request,
                                                                                        writer);
  }});
  const Outcome outcome = Flow(server, {"--float16", "--out", Path("f.flo"), "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(seen.type(), v1::FLOAT16);
  EXPECT_FALSE(seen.with_consistency());
  EXPECT_EQ(client::DecodeFlo(Read("f.flo")).value().at(2, 4).dy, 104);
  EXPECT_FALSE(json::parse(outcome.out).contains("consistency"));
}

TEST_F(CliFlowTest, WritesNothingOnABrokenStream) {
  const FakeServer server({.flow = WriteMessages({Header(3, 5), Chunk(3, 0, 2)})});
  const Outcome outcome = Flow(server, {"--out", Path("f.flo")});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_THAT(outcome.err, HasSubstr("DATA_LOSS"));
  EXPECT_FALSE(std::filesystem::exists(Path("f.flo")));
}

TEST_F(CliFlowTest, ReportsTheTimeout) {
  const FakeServer server({.flow = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "expired while queued");
  }});
  const Outcome outcome = Flow(server, {"--timeout", "30"});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_THAT(outcome.err, HasSubstr("DEADLINE_EXCEEDED: expired while queued"));
}

TEST_F(CliFlowTest, RefusesAFolderAsOutput) {
  const FakeServer server({});
  const Outcome outcome = Flow(server, {"--out", Path("")});
  EXPECT_EQ(outcome.code, kFileError);
  EXPECT_THAT(outcome.err, HasSubstr("cannot be written: it is a folder"));
}

}  // namespace
}  // namespace nemf::cli
