#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "client/cli/command.h"
#include "client/cli/files.h"

namespace nemf::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(KeypointsFileTest, ReadsPoints) {
  const auto points = ParseKeypoints(R"({"points": [[1, 2.5], [-3e1, 0]], "image": "x"})", "k");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].x, 1);
  EXPECT_EQ(points[0].y, 2.5f);
  EXPECT_EQ(points[1].x, -30);
}

struct BadFile {
  const char* name;
  const char* json;
  const char* what;

  friend void PrintTo(const BadFile& file, std::ostream* out) { *out << file.name; }
};

class BadKeypointsFileTest : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadKeypointsFileTest, NamesTheFileAndWhatIsWrong) {
  try {
    ParseKeypoints(GetParam().json, "cat.json");
    FAIL() << "accepted " << GetParam().json;
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), kFileError);
    EXPECT_THAT(failure.what(), StartsWith("cat.json: "));
    EXPECT_THAT(failure.what(), HasSubstr(GetParam().what));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadKeypointsFileTest,
    ::testing::Values(BadFile{"Empty", "", "not JSON"},
                      BadFile{"Truncated", R"({"points": [[1, 2)", "not JSON, at byte"},
                      BadFile{"BareList", "[[1, 2]]", R"(must be {"points": [[x, y], ...]})"},
                      BadFile{"NoPoints", R"({"point": []})", "must be {"},
                      BadFile{"PointsNoList", R"({"points": 3})", "must be {"},
                      BadFile{"NoPoint", R"({"points": []})", "points is empty"},
                      BadFile{"OneNumber", R"({"points": [[1, 2], [3]]})",
                              "points[1] = [3], must be two finite numbers"},
                      BadFile{"ThreeNumbers", R"({"points": [[1, 2, 3]]})", "points[0] = [1,2,3]"},
                      BadFile{"AString", R"({"points": [[1, "2"]]})", "points[0] = [1,\"2\"]"},
                      BadFile{"ANull", R"({"points": [[1, null]]})", "points[0] = [1,null]"},
                      BadFile{"TooLarge", R"({"points": [[1e39, 0]]})", "points[0] = [1e+39,0]"},
                      BadFile{"AnObject", R"({"points": [{"x": 1, "y": 2}]})", "points[0] = {"}),
    [](const auto& info) { return info.param.name; });

TEST(KeypointsFileTest, NamesAFileThatIsNotThere) {
  try {
    ReadKeypoints("/nonexistent/k.json");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), kFileError);
    EXPECT_STREQ(failure.what(), "/nonexistent/k.json: cannot be read: No such file or directory");
  }
}

}  // namespace
}  // namespace nemf::cli
