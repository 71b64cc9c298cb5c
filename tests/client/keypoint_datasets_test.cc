#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <filesystem>
#include <limits>

#include "client/eval/dataset.h"
#include "client/eval/mat_file.h"
#include "tests/client/cli_test.h"

namespace nemf::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DatasetTest : public cli::FolderTest {
 protected:
  std::string WriteBelow(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    return Write(name, bytes);
  }
};

void ExpectPoint(const client::Point& point, float x, float y) {
  EXPECT_EQ(point.x, x);
  EXPECT_EQ(point.y, y);
}

// The header of test_pairs.csv.
std::string WillowHeader() {
  std::string header = "imageA,imageB";
  for (const char* block : {"XA", "YA", "XB", "YB"}) {
    for (int i = 1; i <= 10; ++i) header += ',' + (block + std::to_string(i));
  }
  return header + "\n";
}

// Ten columns: first, first + step, ...
std::string Block(double first, double step) {
  std::string block;
  for (int i = 0; i < 10; ++i) block += ',' + std::to_string(first + i * step);
  return block;
}

class PfWillowTest : public DatasetTest {};

TEST_F(PfWillowTest, AsksAboutImageB) {
  const std::string row = "PF-WILLOW/duck(S)/a.png,PF-WILLOW/duck(S)/b.png" + Block(10, 2) +
                          Block(50, 5) + Block(100, 1) + Block(7, 0);
  WriteBelow("PF-WILLOW/test_pairs.csv", WillowHeader() + row + "\n");
  for (const char* root : {"PF-WILLOW", ""}) {  // the folder itself, and the one above it
    const KeypointDataset dataset = ReadPfWillow(Path(root));
    EXPECT_TRUE(dataset.problems.empty());
    ASSERT_EQ(dataset.pairs.size(), 1u);
    const KeypointPair& pair = dataset.pairs[0];
    EXPECT_EQ(pair.category, "duck(S)");
    EXPECT_TRUE(std::filesystem::path(pair.query_path) ==
                std::filesystem::path(Path("PF-WILLOW")) / "duck(S)/b.png");
    EXPECT_THAT(pair.reference_path, HasSubstr("duck(S)/a.png"));
    ASSERT_EQ(pair.keypoints.size(), 10u);
    ExpectPoint(pair.keypoints[9], 109, 7);
    ExpectPoint(pair.truth[9], 28, 95);
    EXPECT_EQ(pair.box_side, 45);  // of A: 18 x 45
  }
}

TEST_F(PfWillowTest, LeavesMissingKeypointsOut) {
  std::string missing = ",-1,-1,nan" + Block(20, 1).substr(0);
  // Three of A's are missing; Block() gives ten more, of which seven are kept.
  for (int i = 0; i < 3; ++i) missing.erase(missing.rfind(','));
  const std::string row =
      "PF-WILLOW/d/a.png,PF-WILLOW/d/b.png" + missing + missing + Block(0, 1) + Block(0, 1);
  WriteBelow("test_pairs.csv", WillowHeader() + row + "\n");
  const KeypointDataset dataset = ReadPfWillow(Path(""));
  ASSERT_EQ(dataset.pairs.size(), 1u);
  EXPECT_EQ(dataset.pairs[0].keypoints.size(), 7u);
  EXPECT_EQ(dataset.pairs[0].box_side, 6);  // not inflated by -1
  ExpectPoint(dataset.pairs[0].keypoints[0], 3, 3);
}

TEST_F(PfWillowTest, NamesFileAndLineOfABrokenRow) {
  const std::string good =
      "d/a.png,d/b.png" + Block(1, 1) + Block(1, 1) + Block(1, 1) + Block(1, 1);
  std::string bad = good;
  bad.replace(bad.find(",4.0"), 4, ",oops");
  std::string none = "d/a.png,d/b.png" + Block(-1, 0) + Block(-1, 0) + Block(1, 1) + Block(1, 1);
  WriteBelow("test_pairs.csv", WillowHeader() + good + "\n" + bad + "\nd/a.png\n" + none + "\n");
  const KeypointDataset dataset = ReadPfWillow(Path(""));
  EXPECT_EQ(dataset.pairs.size(), 1u);
  const std::string file = (std::filesystem::path(Path("")) / "test_pairs.csv").string();
  ASSERT_EQ(dataset.problems.size(), 3u);
  EXPECT_THAT(dataset.problems,
              ::testing::UnorderedElementsAre(HasSubstr(file + ":3: XA4 = \"oops"),
                                              HasSubstr(file + ":4: has 1 columns"),
                                              HasSubstr(file + ":5: has no keypoints in common")));
  EXPECT_THROW(ReadPfWillow(Path("none")), DatasetError);
}

class SpairTest : public DatasetTest {
 protected:
  static constexpr char kGood[] = R"({"category": "cat", "src_imname": "s.jpg",
    "trg_imname": "t.jpg", "src_kps": [[1, 2], [3, 4]], "trg_kps": [[5, 6], [7.5, 8]],
    "src_bndbox": [10, 20, 60, 50], "trg_bndbox": [0, 0, 500, 500]})";

  void WritePair(const std::string& name, const std::string& json) {
    WriteBelow("PairAnnotation/test/" + name + ".json", json);
    list_ += name + "\n";
    WriteBelow("Layout/large/test.txt", list_);
  }
  std::string list_;
};

TEST_F(SpairTest, AsksAboutTheTarget) {
  WritePair("000001-s-t:cat", kGood);
  const KeypointDataset dataset = ReadSpair(Path(""), "test");
  EXPECT_TRUE(dataset.problems.empty());
  ASSERT_EQ(dataset.pairs.size(), 1u);
  const KeypointPair& pair = dataset.pairs[0];
  EXPECT_EQ(pair.category, "cat");
  EXPECT_THAT(pair.query_path, HasSubstr("JPEGImages/cat/t.jpg"));
  EXPECT_THAT(pair.reference_path, HasSubstr("JPEGImages/cat/s.jpg"));
  ExpectPoint(pair.keypoints[1], 7.5f, 8);
  ExpectPoint(pair.truth[1], 3, 4);
  EXPECT_EQ(pair.box_side, 50);
}

TEST_F(SpairTest, FindsNamesWithoutColons) {
  WriteBelow("PairAnnotation/test/000001-s-t_cat.json", kGood);
  WriteBelow("Layout/large/test.txt", "000001-s-t:cat\n");
  EXPECT_EQ(ReadSpair(Path(""), "test").pairs.size(), 1u);
}

TEST_F(SpairTest, NamesFileAndLineOfABrokenAnnotation) {
  const auto spoiled = [](std::string from, const std::string& to) {
    std::string json = kGood;
    return json.replace(json.find(from), from.size(), to);
  };
  WritePair("a", kGood);
  WritePair("b", "{");
  WritePair("c", spoiled("[7.5, 8]", "[7.5]"));
  WritePair("d", spoiled(", [7.5, 8]", ""));
  WritePair("e", spoiled("[10, 20, 60, 50]", "[10, 20, 10, 20]"));
  WritePair("f", spoiled("\"category\"", "\"kind\""));
  WriteBelow("Layout/large/test.txt", list_ + "g\n");
  const KeypointDataset dataset = ReadSpair(Path(""), "test");
  EXPECT_EQ(dataset.pairs.size(), 1u);
  EXPECT_THAT(
      dataset.problems,
      ElementsAre(HasSubstr("b.json: is not a JSON object"), HasSubstr("test.txt:3: "),
                  HasSubstr("has 2 src_kps and 1 trg_kps"),
                  HasSubstr("src_bndbox = [10,20,10,20], must be [x1, y1, x2, y2]"),
                  HasSubstr("f.json: \"category\" is missing"),
                  ::testing::AllOf(HasSubstr("test.txt:7: "), HasSubstr("cannot be read"))));
  EXPECT_THAT(dataset.problems[1], HasSubstr("trg_kps[1] = [7.5], must be [x, y]"));
  EXPECT_THROW(ReadSpair(Path(""), "val"), DatasetError);
}

class PfPascalTest : public DatasetTest {
 protected:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  // Annotations/cow/NAME.mat with the keypoints (x, y).
  void WriteMat(const std::string& name, std::vector<std::pair<double, double>> points) {
    std::filesystem::create_directories(Path("Annotations/cow"));
    std::vector<double> values;
    for (const auto& point : points) values.push_back(point.first);
    for (const auto& point : points) values.push_back(point.second);
    std::size_t sizes[2] = {points.size(), 2};
    const std::string path = Path("Annotations/cow/" + name + ".mat");
    mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
    matvar_t* kps = Mat_VarCreate("kps", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, sizes, values.data(),
                                  MAT_F_DONT_COPY_DATA);
    Mat_VarWrite(file, kps, MAT_COMPRESSION_ZLIB);
    Mat_VarFree(kps);
    Mat_Close(file);
  }
};

TEST_F(PfPascalTest, KeepsTheCommonKeypoints) {
  WriteMat("s", {{1, 2}, {kNan, kNan}, {5, 6}});
  WriteMat("t", {{10, 20}, {30, 40}, {50.5, 60}});
  WriteBelow("test_pairs.csv",
             "source_image,target_image,class\nx/JPEGImages/s.jpg,x/JPEGImages/t.jpg,10\n");
  const KeypointDataset dataset = ReadPfPascal(Path(""), "test");
  EXPECT_TRUE(dataset.problems.empty());
  ASSERT_EQ(dataset.pairs.size(), 1u);
  const KeypointPair& pair = dataset.pairs[0];
  EXPECT_EQ(pair.category, "cow");
  EXPECT_THAT(pair.query_path, HasSubstr("JPEGImages/t.jpg"));
  EXPECT_THAT(pair.reference_path, HasSubstr("JPEGImages/s.jpg"));
  ASSERT_EQ(pair.keypoints.size(), 2u);
  ExpectPoint(pair.keypoints[1], 50.5f, 60);
  ExpectPoint(pair.truth[1], 5, 6);
  EXPECT_EQ(pair.box_side, 0);  // the image's
}

TEST_F(PfPascalTest, NamesFileAndLineOfABrokenPair) {
  WriteMat("s", {{1, 2}});
  WriteMat("t", {{1, 2}, {3, 4}});
  WriteMat("u", {{kNan, kNan}});
  WriteBelow("Annotations/cow/v.mat", "text");
  WriteBelow("test_pairs.csv",
             "source_image,target_image,class\ns.jpg,s.jpg,21\ns.jpg,t.jpg,10\ns.jpg,u.jpg,10\n"
             "s.jpg,v.jpg,10\ns.jpg,none.jpg,10\n");
  const KeypointDataset dataset = ReadPfPascal(Path(""), "test");
  EXPECT_TRUE(dataset.pairs.empty());
  EXPECT_THAT(dataset.problems,
              ElementsAre(HasSubstr("test_pairs.csv:2: class = \"21\", must be 1 to 20"),
                          HasSubstr(":3: the images have 1 and 2 keypoints"),
                          HasSubstr(":4: the images have no keypoints in common"),
                          HasSubstr("v.mat: "), HasSubstr("none.mat: is not there")));
}

TEST_F(PfPascalTest, NamesAMatrixThatIsMissing) {
  WriteMat("s", {{1, 2}});
  EXPECT_EQ(ReadMatMatrix(Path("Annotations/cow/s.mat"), "kps").at(0, 1), 2);
  EXPECT_THROW(ReadMatMatrix(Path("Annotations/cow/s.mat"), "bbox"), DatasetError);
}

}  // namespace
}  // namespace nemf::eval
