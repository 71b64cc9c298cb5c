#include "client/eval/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "client/eval/dataset.h"
#include "tests/client/cli_test.h"

namespace nemf::eval {
namespace {

using ::testing::ElementsAre;

TEST(SplitCsvTest, SplitsAtCommas) {
  EXPECT_THAT(*SplitCsv("a,b c,,d"), ElementsAre("a", "b c", "", "d"));
  EXPECT_THAT(*SplitCsv("a,"), ElementsAre("a", ""));
  EXPECT_THAT(*SplitCsv("a"), ElementsAre("a"));
}

TEST(SplitCsvTest, UnderstandsQuotes) {
  EXPECT_THAT(*SplitCsv(R"("a,b",c,"d ""e""")"), ElementsAre("a,b", "c", "d \"e\""));
  EXPECT_THAT(*SplitCsv(R"("")"), ElementsAre(""));
  for (const char* bad : {R"("a)", R"(a"b)", R"("a"b)", R"(a,")"}) {
    EXPECT_FALSE(SplitCsv(bad).has_value()) << bad;
  }
}

TEST(SplitCsvTest, ReadsWhatIsWritten) {
  for (const std::string text : {"plain", "a,b", "say \"x\"", "\"", ","}) {
    EXPECT_THAT(*SplitCsv(CsvField(text) + ",end"), ElementsAre(text, "end"));
  }
}

TEST(ParseNumberTest, WantsTheWholeField) {
  EXPECT_EQ(ParseNumber("-1.5"), -1.5);
  EXPECT_EQ(ParseNumber(" 2 "), 2);
  EXPECT_TRUE(std::isnan(*ParseNumber("nan")));
  for (const char* bad : {"", " ", "x", "1x", "1 2"}) EXPECT_FALSE(ParseNumber(bad)) << bad;
}

class ReadCsvTest : public cli::FolderTest {};

TEST_F(ReadCsvTest, NamesFileAndLineOfWhatIsWrong) {
  const std::string path = Write("t.csv", "a,b\r\n1,2\r\n\r\n3\n\"4,5\n6,7");
  const CsvFile file = ReadCsv(path, 2);
  EXPECT_THAT(file.header, ElementsAre("a", "b"));
  ASSERT_EQ(file.rows.size(), 2u);
  EXPECT_THAT(file.rows[1].fields, ElementsAre("6", "7"));
  EXPECT_EQ(file.rows[1].line, 6);
  EXPECT_THAT(file.problems,
              ElementsAre(path + ":4: has 1 columns, must have at least 2",
                          path + ":5: a quote is not closed or stands inside a field"));
}

TEST_F(ReadCsvTest, NamesAFileThatIsNoTable) {
  EXPECT_THROW(ReadCsv(Path("none.csv"), 2), DatasetError);
  EXPECT_THROW(ReadCsv(Write("empty.csv", ""), 2), DatasetError);
  EXPECT_THROW(ReadCsv(Write("narrow.csv", "a\n1\n"), 2), DatasetError);
}

}  // namespace
}  // namespace nemf::eval
