#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "client/cli/progress.h"
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

std::string Columns(double first, double step) {
  std::string columns;
  for (int i = 0; i < 10; ++i) columns += ',' + std::to_string(first + i * step);
  return columns;
}

// A PF-WILLOW of two images a and b, 200 x 100, whose keypoints span 0 to 90 and do not move.
class CliEvalTest : public FolderTest {
 protected:
  CliEvalTest() {
    std::filesystem::create_directories(Path("car"));
    WriteImage("car/a.png", 200, 100);
    WriteImage("car/b.png", 200, 100);
    for (const char* name : {"XA", "YA", "XB", "YB"}) {
      for (int i = 1; i <= 10; ++i) table_ += ',' + (name + std::to_string(i));
    }
    table_ += "\n";
    AddRow("car/a.png", "car/b.png");
  }

  void AddRow(const std::string& a, const std::string& b) {
    table_ += a + "," + b + Columns(0, 10) + Columns(5, 0) + Columns(0, 10) + Columns(5, 0) + "\n";
    Write("test_pairs.csv", table_);
  }

  Outcome Eval(const FakeServer& server, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"eval",   "--dataset", "pf-willow",    "--root",
                                          Path(""), "--server",  server.target()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(arguments);
  }

  std::string table_ = "imageA,imageB";
};

// Coarse answers are 4 pixels off, refined ones 2; L is 90.
grpc::Status Answer(const v1::TransferKeypointsRequest& request,
                    v1::TransferKeypointsResponse* response) {
  const bool coarse = request.options().refinement() == v1::COARSE;
  return ShiftBy(coarse ? 4.0f : 2.0f, 0)(request, response);
}

TEST_F(CliEvalTest, ComparesRefinedWithCoarse) {
  const FakeServer server({.transfer = Answer});
  AddRow("car/b.png", "car/a.png");
  const Outcome outcome = Eval(server, {"--compare", "coarse", "--json", "--in-flight", "1"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  EXPECT_EQ(root["dataset"], "pf-willow");
  EXPECT_THAT(root["rule"].get<std::string>(), HasSubstr("extent of the reference's valid"));
  EXPECT_EQ(root["model"], "fake/7 on cpu");
  EXPECT_EQ(root["results"]["refined"]["pairs"], 2);
  EXPECT_EQ(root["results"]["refined"]["keypoints"], 20);
  EXPECT_EQ(root["results"]["refined"]["per_image"]["0.01"], 0.0);
  EXPECT_EQ(root["results"]["refined"]["per_image"]["0.03"], 1.0);
  EXPECT_EQ(root["results"]["refined"]["classes"]["car"]["per_keypoint"]["0.03"], 1.0);
  EXPECT_EQ(root["results"]["coarse"]["per_image"]["0.03"], 0.0);
  EXPECT_EQ(root["results"]["coarse"]["per_image"]["0.05"], 1.0);
}

TEST_F(CliEvalTest, WritesTableRowsAndPictures) {
  const FakeServer server({.transfer = Answer});
  const Outcome outcome = Eval(server, {"--csv", Path("o.csv"), "--worst", "3", "--worst-dir",
                                        Path("worst"), "--average", "keypoint"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("averaged per keypoint"));
  EXPECT_THAT(outcome.out, HasSubstr("mean of classes"));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(Read("o.csv"),
            "pair,category,answer,keypoints,box_side_px,mean_error_px,pck@0.01,pck@0.03,pck@0.05,"
            "pck@0.07,pck@0.1,pck@0.15\n"
            "car/b.png > car/a.png,car,refined,10,90,2.000,0.0000,1.0000,1.0000,1.0000,1.0000,"
            "1.0000\n");
  EXPECT_TRUE(client::DecodeImage(Read("worst/01.png")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("worst/02.png")));
}

TEST_F(CliEvalTest, SkipsAndCountsWhatIsBroken) {
  const FakeServer server({.transfer = Answer});
  AddRow("car/a.png", "car/none.png");
  WriteImage("car/small.png", 50, 50);
  AddRow("car/a.png", "car/small.png");
  Write("test_pairs.csv", table_ + "car/a.png\n");
  const Outcome outcome = Eval(server, {"--json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json root = json::parse(outcome.out);
  EXPECT_EQ(root["skipped"], 3);
  EXPECT_THAT(root["problems"][0].get<std::string>(), HasSubstr("test_pairs.csv:5: has 1 columns"));
  EXPECT_THAT(root["problems"][1].get<std::string>(), HasSubstr("none.png: cannot be read"));
  EXPECT_THAT(root["problems"][2].get<std::string>(), HasSubstr("outside the 50 x 50 image"));
  EXPECT_EQ(root["results"]["refined"]["pairs"], 1);
  EXPECT_EQ(json::parse(Eval(server, {"--json", "--limit", "1"}).out)["skipped"], 1);
}

TEST_F(CliEvalTest, NamesThePairsThatTheServerRefuses) {
  const FakeServer server({.transfer = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such model");
  }});
  const Outcome outcome = Eval(server, {});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_THAT(outcome.out,
              HasSubstr("1 pairs failed:\n  car/b.png > car/a.png: NOT_FOUND: no such model"));
}

TEST_F(CliEvalTest, SaysWhatIsWrong) {
  const FakeServer server({.transfer = Answer});
  EXPECT_EQ(Eval(server, {"--worst", "3"}).code, kUsageError);
  EXPECT_EQ(RunCli({"eval", "--dataset", "other", "--root", "."}).code, kUsageError);
  const Outcome outcome = RunCli({"eval", "--dataset", "spair", "--root", Path("none")});
  EXPECT_EQ(outcome.code, kFileError);
  EXPECT_THAT(outcome.err, HasSubstr("none/Layout/large/test.txt: cannot be read"));
  const Outcome unreachable = RunCli({"eval", "--dataset", "pf-willow", "--root", Path(""),
                                      "--server", "127.0.0.1:1", "--timeout", "5"});
  EXPECT_EQ(unreachable.code, kRequestError);
}

// The fake's flow at (x, y) is (x, 100 + y).
TEST_F(CliEvalTest, ScoresFlow) {
  const FakeServer server({.flow = WriteMessages({Header(4, 2), Chunk(4, 0, 2), Trailer()})});
  std::filesystem::create_directories(Path("tss/JODS/p"));
  client::FlowField truth;
  truth.width = 4;
  truth.height = 2;
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 4; ++x) {
      truth.flow.push_back({static_cast<float>(x), static_cast<float>(100 + y)});
    }
  }
  truth.flow[0].dx = 9;  // 9 of 4 pixels: wrong
  for (const std::string i : {"1", "2"}) {
    Write("tss/JODS/p/flow" + i + ".flo", client::EncodeFlo(truth));
    WriteImage("tss/JODS/p/image" + i + ".png", 4, 2);
    WriteImage("tss/JODS/p/mask" + i + ".png", 4, 2);
  }
  Write("tss/JODS/p/flip_gt.txt", "1");
  const Outcome outcome = RunCli({"eval", "--dataset", "tss", "--root", Path("tss"), "--server",
                                  server.target(), "--json", "--csv", Path("o.csv")});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  const json result = json::parse(outcome.out)["results"]["refined"];
  EXPECT_EQ(result["all"]["flows"], 2);
  EXPECT_EQ(result["JODS"]["within_5_px"], 7.0 / 8);
  EXPECT_THAT(Read("o.csv"), HasSubstr("JODS/p 2 > 1,JODS,refined,8,0.8750"));
}

TEST(ProgressLineTest, ShowsRateAndTimeLeft) {
  EXPECT_EQ(ProgressLine(90, 360, 30, "answers"),
            "[#####...............] 25 %  90/360 answers  3.0/s  1:30 left");
  EXPECT_EQ(ProgressLine(0, 10, 0, "x"), "[....................] 0 %  0/10 x  0.0/s  ? left");
}

}  // namespace
}  // namespace nemf::cli
