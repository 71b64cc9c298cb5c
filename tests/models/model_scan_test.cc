#include "server/models/model_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/models/model_tree.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::int64_t> Numbers(const FoundModel& model) {
  std::vector<std::int64_t> numbers;
  for (const FoundVersion& version : model.versions) numbers.push_back(version.number);
  return numbers;
}

TEST(ModelScanTest, OrdersModelsByNameAndVersionsByNumber) {
  ModelTree tree;
  for (const char* model : {"b/1", "a/9", "a/10", "a/2"}) tree.AddModel(model);
  const auto scan = ScanModels(tree.root());
  ASSERT_TRUE(scan.ok());
  ASSERT_EQ(scan->models.size(), 2u);
  EXPECT_EQ(scan->models[0].name, "a");
  EXPECT_THAT(Numbers(scan->models[0]), ElementsAre(10, 9, 2));
  EXPECT_EQ(scan->models[0].versions[0].directory, tree.path("a/10"));
  EXPECT_EQ(scan->models[1].name, "b");
  EXPECT_THAT(scan->problems, IsEmpty());
}

TEST(ModelScanTest, ReportsDirectoriesThatDoNotParse) {
  ModelTree tree;
  tree.AddModel("a/1");
  for (const char* bad : {"a/latest", "a/01", "a/0", "a/-2", "a/1.5", "a/99999999999999999999"}) {
    tree.AddModel(bad);
  }
  tree.AddDirectory("a/3");
  tree.AddDirectory("b");
  tree.AddModel("c\xff/1");
  const auto scan = ScanModels(tree.root());
  ASSERT_TRUE(scan.ok());
  ASSERT_EQ(scan->models.size(), 1u);
  EXPECT_THAT(Numbers(scan->models[0]), ElementsAre(1));
  EXPECT_THAT(scan->problems,
              UnorderedElementsAre(
                  HasSubstr("a/latest: not a version"), HasSubstr("a/01: not a version"),
                  HasSubstr("a/0: not a version"), HasSubstr("a/-2: not a version"),
                  HasSubstr("a/1.5: not a version"), HasSubstr("a/99999999999999999999: not a"),
                  HasSubstr("a/3: no model.json"), HasSubstr("b: no versions"),
                  HasSubstr(": not a model")));
}

TEST(ModelScanTest, LeavesFilesAndHiddenDirectoriesAlone) {
  ModelTree tree;
  tree.AddModel("a/1");
  for (const char* other : {"README.md", "a/card.md", ".git/1/model.json", "a/.tmp/model.json"}) {
    tree.AddFile(other);
  }
  const auto scan = ScanModels(tree.root());
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(scan->models.size(), 1u);
  EXPECT_THAT(scan->problems, IsEmpty());
}

TEST(ModelScanTest, TellsWhenTheFilesOfAVersionChange) {
  ModelTree tree;
  tree.AddFile("a/1/model.json", "{}");
  tree.AddFile("a/1/encoder.pt", "half");
  const auto version = [&] { return ScanModels(tree.root())->models[0].versions[0]; };
  const FoundVersion before = version();
  EXPECT_EQ(before.bytes, 6);
  EXPECT_EQ(version().fingerprint, before.fingerprint);
  tree.AddFile("a/1/encoder.pt", "the whole");
  const FoundVersion after = version();
  EXPECT_EQ(after.bytes, 11);
  EXPECT_NE(after.fingerprint, before.fingerprint);
  tree.AddFile("a/1/field.pt", "");
  EXPECT_NE(version().fingerprint, after.fingerprint);
}

TEST(ModelScanTest, AVersionIsAWholeNumberFromOne) {
  EXPECT_EQ(ParseVersion("12"), 12);
  for (const char* text : {"", "0", "01", "-1", "+1", "1.5", "1 ", " 1", "99999999999999999999"}) {
    EXPECT_FALSE(ParseVersion(text).has_value()) << text;
  }
}

TEST(ModelScanTest, AnEmptyDirectoryHoldsNothing) {
  ModelTree tree;
  const auto scan = ScanModels(tree.root());
  ASSERT_TRUE(scan.ok());
  EXPECT_THAT(scan->models, IsEmpty());
}

TEST(ModelScanTest, TheDirectoryMustBeThere) {
  ModelTree tree;
  const absl::Status status = ScanModels(tree.path("missing")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing is not a directory"));
}

}  // namespace
}  // namespace nemf
