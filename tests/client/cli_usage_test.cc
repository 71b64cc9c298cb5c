// The command line's usage errors, help, health and version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

#include "client/cli/arguments.h"
#include "tests/client/cli_test.h"
#include "tests/client/fake_server.h"

namespace nemf::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Arguments = std::vector<std::string>;

TEST(ParsePointTest, TakesTwoNumbers) {
  EXPECT_EQ(ParsePoint("1,2.5")->y, 2.5f);
  EXPECT_EQ(ParsePoint("-1e2,0")->x, -100);
}

TEST(ParsePointTest, RefusesTheRest) {
  for (const char* text : {"", ",", "1", "1,", ",2", "1,2,3", "a,b", "1;2", "nan,1", "1,inf",
                           "1,2x", "1e99,0", "photo.png"}) {
    EXPECT_FALSE(ParsePoint(text).has_value()) << text;
  }
}

TEST(ExpandPointsTest, OnePointOptionTakesAList) {
  EXPECT_THAT(ExpandPoints({"--point", "1,2", "3,4", "5,6"}),
              ElementsAre("--point", "1,2", "--point", "3,4", "--point", "5,6"));
}

TEST(ExpandPointsTest, LeavesEverythingElse) {
  for (const Arguments& arguments :
       {Arguments{}, Arguments{"--point"}, Arguments{"--point", "1,2", "a.png", "3,4"},
        Arguments{"a", "--point", "1,2", "--point", "3,4"}, Arguments{"1,2", "3,4"},
        Arguments{"--point", "bad", "--json"}}) {
    EXPECT_EQ(ExpandPoints(arguments), arguments);
  }
}

struct BadUsage {
  const char* name;
  Arguments arguments;
  const char* what;

  friend void PrintTo(const BadUsage& usage, std::ostream* out) { *out << usage.name; }
};

class BadUsageTest : public ::testing::TestWithParam<BadUsage> {};

TEST_P(BadUsageTest, ExitsWithTwoAndSaysWhy) {
  const Outcome outcome = RunCli(GetParam().arguments);
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().what));
  EXPECT_THAT(outcome.out, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUsageTest,
    ::testing::Values(
        BadUsage{"NoCommand", {}, "subcommand is required"},
        BadUsage{"UnknownCommand", {"match", "a"}, "unknown subcommand 'match'"},
        BadUsage{"NoReference", {"transfer", "a.png", "--point", "1,2"}, "REFERENCE is required"},
        BadUsage{"ThirdImage", {"flow", "a.png", "b.png", "c.png"}, "c.png"},
        BadUsage{"BadPoint", {"transfer", "a", "b", "--point", "1;2"}, "'1;2' is not a point x,y"},
        BadUsage{"PointsTwice",
                 {"transfer", "a", "b", "--point", "1,2", "--keypoints", "k.json"},
                 "excludes"},
        BadUsage{"BadPreset",
                 {"flow", "a", "b", "--preset", "best"},
                 "'best' is none of reference|balanced|fast"},
        BadUsage{"BadRefinement", {"flow", "a", "b", "--refinement", "all"}, "all"},
        BadUsage{"NegativeIterations", {"flow", "a", "b", "--iterations", "-1"}, "-1"},
        BadUsage{"NegativeStride", {"bench", "--lattice-stride", "-1"}, "--lattice-stride"},
        BadUsage{"NoDecay", {"flow", "a", "b", "--search-decay", "0"}, "--search-decay"},
        BadUsage{"WordAsRadius", {"transfer", "a", "b", "--search-radius", "far"}, "far"},
        BadUsage{"NegativeSeed", {"flow", "a", "b", "--seed", "-1"}, "--seed"},
        BadUsage{"NegativeTimeout", {"flow", "a", "b", "--timeout", "-1"}, "--timeout"},
        BadUsage{"ZeroAlpha", {"transfer", "a", "b", "--alpha", "0"}, "--alpha"},
        BadUsage{"PointForFlow", {"flow", "a", "b", "--point", "1,2"}, "--point"},
        BadUsage{"NoServer", {"health", "--server", ""}, "--server: must be HOST:PORT"}),
    [](const auto& info) { return info.param.name; });

TEST(CliHelpTest, ExitsWithZeroAndShowsExamplesAndExitCodes) {
  for (const Arguments& arguments : {Arguments{"--help"}, Arguments{"transfer", "--help"},
                                     Arguments{"flow", "-h"}, Arguments{"health", "--help"}}) {
    const Outcome outcome = RunCli(arguments);
    EXPECT_EQ(outcome.code, kSuccess);
    EXPECT_THAT(outcome.out, HasSubstr("Example"));
    EXPECT_THAT(outcome.out, HasSubstr("Exit codes: 0"));
    EXPECT_THAT(outcome.err, IsEmpty());
  }
}

TEST(CliVersionTest, PrintsTheVersion) {
  EXPECT_THAT(RunCli({"version"}).out, HasSubstr("nemf 0."));
  EXPECT_THAT(RunCli({"version", "--json"}).out, HasSubstr("\"protocol\": \"nemf.v1\""));
}

TEST(CliHealthTest, TellsByItsExitCode) {
  testing::FakeServer server({});
  const Outcome good = RunCli({"health", "--server", server.target()});
  EXPECT_EQ(good.code, kSuccess);
  EXPECT_EQ(good.out, "SERVING\n");
  server.SetServing(false);
  const Outcome bad = RunCli({"health", "--server", server.target(), "--json"});
  EXPECT_EQ(bad.code, kRequestError);
  EXPECT_THAT(bad.out, HasSubstr("\"status\": \"NOT_SERVING\""));
}

TEST(CliHealthTest, TakesTheServerFromTheEnvironment) {
  const testing::FakeServer server({});
  setenv("NEMF_SERVER", server.target().c_str(), 1);
  const Outcome outcome = RunCli({"health"});
  unsetenv("NEMF_SERVER");
  EXPECT_EQ(outcome.code, kSuccess) << outcome.err;
}

TEST(CliHealthTest, NamesTheServerThatIsNotThere) {
  const Outcome outcome = RunCli({"health", "--server", "127.0.0.1:1", "--timeout", "20"});
  EXPECT_EQ(outcome.code, kRequestError);
  EXPECT_THAT(outcome.err, HasSubstr("nemf: server 127.0.0.1:1: UNAVAILABLE: "));
}

}  // namespace
}  // namespace nemf::cli
