#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/client/cli_test.h"
#include "tests/client/fake_server.h"

namespace nemf::cli {
namespace {

using ::nemf::testing::FakeServer;
using ::nemf::testing::ShiftBy;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CliTransferTest : public FolderTest {
 protected:
  // `transfer` on two small images, and more arguments.
  Outcome Transfer(const FakeServer& server, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"transfer", query_, reference_, "--server",
                                          server.target()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(arguments);
  }

  const std::string query_ = WriteImage("query.png", 40, 30);
  const std::string reference_ = WriteImage("reference.png", 100, 80);
};

TEST_F(CliTransferTest, PrintsJson) {
  const FakeServer server({.transfer = ShiftBy(0.125f, -1)});
  const Outcome outcome = Transfer(server, {"--point", "1,2", "3.1,4", "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  ASSERT_EQ(root["points"].size(), 2u);
  EXPECT_EQ(root["points"][1], json::parse(R"({"query": [3.1, 4.0], "reference": [3.225, 3.0],
                                "score": 0.0, "confidence": 0.5, "in_bounds": true})"));
  EXPECT_EQ(root["statistics"]["model"], "fake/7");
  EXPECT_EQ(root["statistics"]["device"], "cpu");
  EXPECT_EQ(root["statistics"]["decode_seconds"], 0.25);
  EXPECT_EQ(root["statistics"]["queue_seconds"], 0.5);
  EXPECT_EQ(root["statistics"]["encode_seconds"], 0.75);
  EXPECT_EQ(root["statistics"]["match_seconds"], 1.5);
  EXPECT_EQ(root["statistics"]["field_queries"], 1234);
  EXPECT_GT(root["seconds"], 0.0);
  EXPECT_FALSE(root.contains("evaluation"));
}

TEST_F(CliTransferTest, PrintsATable) {
  const FakeServer server({.transfer = ShiftBy(10, 0)});
  const Outcome outcome = Transfer(server, {"--point", "1,2"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("11.00"));
  EXPECT_THAT(outcome.out, HasSubstr("fake/7 on cpu: decode 0.250 s"));
}

TEST_F(CliTransferTest, SendsFilesAndOptions) {
  v1::TransferKeypointsRequest seen;
  const FakeServer server({.transfer = [&seen](const auto& request, auto* response) {
    seen = request;
    return ShiftBy(0, 0)(request, response);
  }});
  const std::string keypoints = Write("k.json", R"({"points": [[5, 6]]})");
  const Outcome outcome = Transfer(server, {"--keypoints",
                                            keypoints,
                                            "--preset",
                                            "balanced",
                                            "--refinement",
                                            "coarse",
                                            "--iterations",
                                            "3",
                                            "--steps",
                                            "0",
                                            "--seed",
                                            "18446744073709551615",
                                            "--lattice-stride",
                                            "2",
                                            "--upsample-candidates",
                                            "0",
                                            "--search-candidates",
                                            "4",
                                            "--search-decay",
                                            "0.75",
                                            "--search-radius",
                                            "0.25",
                                            "--model",
                                            "small/2"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(seen.query().encoded(), Read("query.png"));
  EXPECT_EQ(seen.reference().encoded(), Read("reference.png"));
  ASSERT_EQ(seen.keypoints_size(), 1);
  EXPECT_EQ(seen.keypoints(0).y(), 6);
  EXPECT_EQ(seen.options().preset(), v1::BALANCED);
  EXPECT_EQ(seen.options().refinement(), v1::COARSE);
  EXPECT_EQ(seen.options().patchmatch_iterations(), 3u);
  EXPECT_TRUE(seen.options().has_optimize_steps());
  EXPECT_EQ(seen.options().seed(), 18446744073709551615ull);
  EXPECT_EQ(seen.options().lattice_stride(), 2u);
  EXPECT_TRUE(seen.options().has_upsample_candidates());
  EXPECT_EQ(seen.options().upsample_candidates(), 0u);
  EXPECT_EQ(seen.options().search_candidates(), 4u);
  EXPECT_EQ(seen.options().search_decay(), 0.75f);
  EXPECT_EQ(seen.options().search_radius(), 0.25f);
  EXPECT_EQ(seen.model().name(), "small");
  EXPECT_EQ(seen.model().version(), "2");
}

// Alpha 0.1 of the reference's 100 pixels: within 10 pixels.
TEST_F(CliTransferTest, ComparesWithTheTruth) {
  const FakeServer server({.transfer = ShiftBy(0, 0)});
  const std::string truth = Write("t.json", R"({"points": [[10, 19], [35, 20]]})");
  const Outcome outcome = Transfer(server, {"--point", "10,10", "20,20", "--truth", truth,
                                            "--alpha", "0.1", "--json", "--png", Path("o.png")});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json evaluation = json::parse(outcome.out)["evaluation"];
  EXPECT_EQ(evaluation["pck"], 0.5);
  EXPECT_EQ(evaluation["mean_error"], 12.0);
  EXPECT_EQ(evaluation["errors"], json::parse("[9.0, 15.0]"));
  EXPECT_TRUE(client::DecodeImage(Read("o.png")).ok());
}

TEST_F(CliTransferTest, NamesTheFileThatIsWrong) {
  const FakeServer server({.transfer = ShiftBy(0, 0)});
  const std::string bad = Write("bad.json", R"({"points": [[1]]})");
  const std::string two = Write("two.json", R"({"points": [[1, 2], [3, 4]]})");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--keypoints", bad}, bad + ": points[0] = [1], must be two finite numbers [x, y]"},
      {{"--keypoints", Path("none.json")}, Path("none.json") + ": cannot be read: No such file"},
      {{"--point", "1,2", "--truth", two}, two + ": has 2 points, must have one for each of the 1"},
      {{"--point", "1,2", "--png", Path("no/o.png")}, Path("no/o.png") + ": cannot be written"},
  };
  for (const auto& [arguments, what] : cases) {
    const Outcome outcome = Transfer(server, arguments);
    EXPECT_EQ(outcome.code, kFileError) << what;
    EXPECT_THAT(outcome.err, StartsWith("nemf: " + what));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST_F(CliTransferTest, NamesAnImageThatIsNotThere) {
  const Outcome outcome = RunCli({"transfer", Path("none.png"), reference_, "--point", "1,2"});
  EXPECT_EQ(outcome.code, kFileError);
  EXPECT_THAT(outcome.err, HasSubstr("none.png: cannot be read"));
}

TEST_F(CliTransferTest, WantsKeypoints) {
  const Outcome outcome = RunCli({"transfer", query_, reference_});
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr("--point or --keypoints is required"));
}

TEST_F(CliTransferTest, ShowsTheServersError) {
  const FakeServer server({.transfer = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "keypoints[0].x = 99, must be <= 39");
  }});
  const Outcome outcome = Transfer(server, {"--point", "99,1"});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_EQ(outcome.err, "nemf: server " + server.target() +
                             ": INVALID_ARGUMENT: keypoints[0].x = 99, must be <= 39\n");
}

TEST_F(CliTransferTest, NoticesMissingMatches) {
  const FakeServer server({.transfer = [](const auto&, auto*) { return grpc::Status::OK; }});
  const Outcome outcome = Transfer(server, {"--point", "9,1"});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_THAT(outcome.err, HasSubstr("DATA_LOSS: 0 matches for 1 keypoints"));
}

}  // namespace
}  // namespace nemf::cli
