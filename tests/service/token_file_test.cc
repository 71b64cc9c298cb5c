#include "server/service/security/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/testing/fake_clock.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kAlices[] = "alices-token-0001";
constexpr char kOps[] = "operators/token+2=";

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<TokenTable> table = TokenTable::Parse(text);
  EXPECT_TRUE(absl::IsInvalidArgument(table.status())) << text;
  return std::string(table.status().message());
}

TEST(TokenTableTest, FindsOwners) {
  const absl::StatusOr<TokenTable> table = TokenTable::Parse(
      "# who may call\n\nalices-token-0001 alice client # from 2026\r\n"
      "\toperators/token+2=  ops\tadmin\nalices-token-0002 alice client");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->Find(kAlices)->name, "alice");
  EXPECT_FALSE(table->Find(kAlices)->admin);
  EXPECT_EQ(table->Find("alices-token-0002")->name, "alice");
  EXPECT_EQ(table->Find(kOps)->name, "ops");
  EXPECT_TRUE(table->Find(kOps)->admin);
  for (const char* other : {"", "alices-token-000", "alices-token-00011", "alice", "#"}) {
    EXPECT_FALSE(table->Find(other).has_value()) << other;
  }
}

TEST(TokenTableTest, NamesTheBrokenRule) {
  EXPECT_EQ(ErrorOf("# nothing\n"), "has no tokens");
  EXPECT_EQ(ErrorOf("alices-token-0001 alice"),
            "line 1: has 2 words, must have 3: TOKEN NAME ROLE");
  EXPECT_EQ(ErrorOf("\nalices-token-0001 alice boss"), "line 2: the role must be client or admin");
  EXPECT_EQ(ErrorOf("alices-token-0001 al/ice client"),
            "line 1: the name must have 1 to 64 characters of A-Z a-z 0-9 - . _");
  for (const char* token : {"short", "fifteen-letters", "with-a-quote-in-\"it"}) {
    const std::string error = ErrorOf(std::string(token) + " alice client");
    EXPECT_THAT(error, HasSubstr("line 1: the token must have 16 to 512 characters"));
    EXPECT_THAT(error, Not(HasSubstr(token)));
  }
  EXPECT_EQ(ErrorOf("alices-token-0001 alice client\nalices-token-0001 bob client"),
            "line 2: the token is in the file already");
}

class TokenFileTest : public ::testing::Test {
 protected:
  TokenFileTest()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~TokenFileTest() override { std::filesystem::remove(path_); }

  void Write(const std::string& text) { std::ofstream(path_) << text; }

  std::unique_ptr<TokenFile> Open() {
    return TokenFile::Open(path_.string(), &clock_,
                           [this](const std::string& warning) { warnings_.push_back(warning); })
        .value();
  }

  const std::filesystem::path path_;
  FakeClock clock_;
  std::vector<std::string> warnings_;
};

TEST_F(TokenFileTest, FollowsTheFile) {
  Write("alices-token-0001 alice client\n");
  const auto file = Open();
  EXPECT_TRUE(file->Find(kAlices).has_value());
  Write("operators/token+2= ops admin # the new line is longer\n");
  EXPECT_TRUE(file->Find(kAlices).has_value());  // within the second of the last look
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(file->Find(kAlices).has_value());
  EXPECT_TRUE(file->Find(kOps).has_value());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(TokenFileTest, KeepsItsTokensWhereTheFileIsBroken) {
  Write("alices-token-0001 alice client\n");
  const auto file = Open();
  Write("alices-token-0001 alice\n");
  for (int second = 0; second < 3; ++second) {
    clock_.Advance(absl::Seconds(1));
    EXPECT_TRUE(file->Find(kAlices).has_value());
  }
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("line 1: has 2 words")));
  std::filesystem::remove(path_);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(file->Find(kAlices).has_value());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("2 words"), HasSubstr("cannot be read")));
  Write("operators/token+2= ops admin\n");
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(file->Find(kAlices).has_value());
}

TEST_F(TokenFileTest, NamesAFileThatIsNotThere) {
  const auto file = TokenFile::Open(path_.string(), &clock_, nullptr);
  EXPECT_TRUE(absl::IsNotFound(file.status()));
  EXPECT_THAT(std::string(file.status().message()), HasSubstr(path_.string()));
}

}  // namespace
}  // namespace nemf
