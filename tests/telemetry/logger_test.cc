#include "server/telemetry/logger.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nlohmann/json.hpp"

namespace nemf {
namespace {

// A logger that writes to a temporary file.
class LoggerTest : public ::testing::Test {
 protected:
  void Start(LogLevel level) {
    logger_.emplace(level, LineWriterOptions{.descriptor = fileno(file_.get()),
                                             .flush_timeout = absl::InfiniteDuration()});
  }

  // Stops the logger and returns what it wrote.
  std::vector<nlohmann::json> Lines() {
    logger_.reset();
    std::rewind(file_.get());
    std::vector<nlohmann::json> lines;
    char line[1024];
    while (std::fgets(line, sizeof(line), file_.get()))
      lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), &std::fclose};
  std::optional<Logger> logger_;
};

TEST_F(LoggerTest, WritesOneObjectALine) {
  Start(LogLevel::kInfo);
  logger_->Info("serving", {{"port", 50051}, {"model", "small"}, {"ready", true}, {"load", 0.5}});
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["message"], "serving");
  EXPECT_EQ(lines[0]["port"], 50051);
  EXPECT_EQ(lines[0]["model"], "small");
  EXPECT_EQ(lines[0]["ready"], true);
  EXPECT_EQ(lines[0]["load"], 0.5);
  const std::string time = lines[0]["time"];
  EXPECT_EQ(time.size(), std::string("2026-01-31T12:00:00.123456Z").size()) << time;
}

TEST_F(LoggerTest, LeavesOutWhatIsBelowItsLevel) {
  Start(LogLevel::kWarning);
  EXPECT_FALSE(logger_->Writes(LogLevel::kInfo));
  EXPECT_TRUE(logger_->Writes(LogLevel::kError));
  logger_->Debug("a");
  logger_->Info("b");
  logger_->Warning("c");
  logger_->Error("d");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["level"], "warning");
  EXPECT_EQ(lines[1]["level"], "error");
}

TEST_F(LoggerTest, NoTextForgesALine) {
  Start(LogLevel::kInfo);
  logger_->Info("100 {} %v \"quoted\"", {{"id", "x\n{\"level\":\"error\"}\xff\x01"}});
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["message"], "100 {} %v \"quoted\"");
  EXPECT_EQ(lines[0]["id"], "x\n{\"level\":\"error\"}\xEF\xBF\xBD\x01");
}

TEST_F(LoggerTest, LinesOfThreadsDoNotMix) {
  Start(LogLevel::kInfo);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 200; ++i) logger_->Info("line", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(logger_->TakeDroppedLines(), 0);
  std::vector<int> next(4, 0);
  for (const nlohmann::json& line : Lines()) EXPECT_EQ(line["i"], next[line["thread"]]++);
  EXPECT_EQ(next, std::vector<int>(4, 200));
}

TEST_F(LoggerTest, CountsWhatItsQueueCannotTake) {
  logger_.emplace(LogLevel::kInfo,
                  LineWriterOptions{.descriptor = fileno(file_.get()), .max_bytes = 10});
  logger_->Info("longer than ten bytes");
  EXPECT_EQ(logger_->TakeDroppedLines(), 1);
  EXPECT_TRUE(Lines().empty());
}

TEST(LogLevelTest, ParsesLevels) {
  EXPECT_EQ(*ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(*ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(*ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(*ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud").status().message(),
            "log level = \"loud\", must be debug, info, warning or error");
}

}  // namespace
}  // namespace nemf
