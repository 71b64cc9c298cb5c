#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/client/cli_test.h"
#include "tests/client/fake_server.h"

namespace nemf::cli {
namespace {

using ::nemf::testing::Chunk;
using ::nemf::testing::CountNodes;
using ::nemf::testing::FakeServer;
using ::nemf::testing::Header;
using ::nemf::testing::Preview;
using ::nemf::testing::Trailer;
using ::nemf::testing::WriteMessages;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CliFieldTest : public FolderTest {
 protected:
  Outcome Run(const std::string& command, const FakeServer& server, std::vector<std::string> more) {
    std::vector<std::string> arguments = {command, query_, reference_, "--server", server.target()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(arguments);
  }

  const std::string query_ = WriteImage("query.png", 3, 5);
  const std::string reference_ = WriteImage("reference.png", 30, 20);
};

TEST_F(CliFieldTest, WritesEveryFileAndPrintsJson) {
  const FakeServer server({.field = CountNodes});
  const Outcome outcome = Run("field", server,
                              {"--point", "1,2.5", "--columns", "4", "--rows", "3", "--out",
                               Path("f.png"), "--npy", Path("f.npy"), "--smooth", "1", "--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  EXPECT_EQ(root["point"], json::parse("[1.0, 2.5]"));
  EXPECT_EQ(root["scores"],
            json::parse("[[0.0,1.0,2.0,3.0],[4.0,5.0,6.0,7.0],[8.0,9.0,10.0,11.0]]"));
  EXPECT_EQ(root["cost"][2][3], -11.0);
  EXPECT_EQ(root["best_score"]["reference"], json::parse("[29.0, 19.0]"));
  EXPECT_EQ(root["best_cost"]["reference"], json::parse("[0.0, 0.0]"));
  EXPECT_EQ(root["statistics"]["model"], "fake/7");
  EXPECT_TRUE(client::DecodeImage(Read("f.png")).ok());
  EXPECT_EQ(Read("f.npy").size(), 128 + 2 * 12 * sizeof(float));
}

TEST_F(CliFieldTest, PrintsASummary) {
  const FakeServer server({.field = CountNodes});
  const Outcome outcome = Run("field", server, {"--point", "1,2"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("64 x 64 nodes over 30 x 20 pixels"));
  EXPECT_THAT(outcome.out, HasSubstr("The field's score is largest at (29, 19): 4095"));
}

TEST_F(CliFieldTest, SaysWhatIsWrong) {
  const FakeServer server({});
  EXPECT_EQ(Run("field", server, {}).code, kUsageError);
  EXPECT_THAT(Run("field", server, {"--point", "1"}).err, HasSubstr("'1' is not a point x,y"));
  EXPECT_EQ(Run("field", server, {"--point", "1,1", "--rows", "1"}).code, kUsageError);
  EXPECT_EQ(Run("field", server, {"--point", "1,1"}).code, kRequestError);  // UNIMPLEMENTED
}

TEST_F(CliFieldTest, DrawsPreviewsInARow) {
  v1::ComputeFlowRequest seen;
  const auto write = WriteMessages(
      {Header(3, 5), Preview(0, 3, 0, 5), Preview(2, 3, 0, 5), Chunk(3, 0, 5), Trailer()});
  const FakeServer server({.flow = [&](const auto& request, auto* writer) {
    seen = request;
    return write(request, writer);
  }});
  const Outcome outcome =
      Run("flow", server, {"--preview", "0,2,19", "--preview-png", Path("row.png")});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(seen.preview_iterations(), ElementsAre(0, 2, 19));
  EXPECT_TRUE(client::DecodeImage(Read("row.png")).ok());
  ASSERT_EQ(Run("flow", server, {}).code, kSuccess);
  EXPECT_EQ(seen.preview_iterations_size(), 0);
  for (const char* bad : {"", "x", "1,", "2,1", "-1", "1;2", "1,1"}) {
    EXPECT_EQ(Run("flow", server, {"--preview", bad, "--preview-png", Path("r.png")}).code,
              kUsageError)
        << bad;
  }
}

TEST_F(CliFieldTest, NamesATokenFileThatCannotBeUsed) {
  const FakeServer server({.field = CountNodes});
  const auto error = [&](const std::string& path) {
    const Outcome outcome = Run("field", server, {"--point", "1,1", "--token-file", path});
    EXPECT_EQ(outcome.code, kFileError);
    return outcome.err;
  };
  EXPECT_THAT(error(Path("missing")), HasSubstr("missing"));
  EXPECT_THAT(error(Write("empty", " \n")), HasSubstr("is empty, must be a token"));
}

}  // namespace
}  // namespace nemf::cli
