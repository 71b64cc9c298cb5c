#include "server/telemetry/logger.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "nlohmann/json.hpp"

namespace nemf {
namespace {

std::vector<nlohmann::json> Lines(const std::ostringstream& stream) {
  std::vector<nlohmann::json> lines;
  std::istringstream input(stream.str());
  for (std::string line; std::getline(input, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(LoggerTest, WritesOneObjectALine) {
  std::ostringstream stream;
  Logger logger(LogLevel::kInfo, &stream);
  logger.Info("serving", {{"port", 50051}, {"model", "small"}, {"ready", true}, {"load", 0.5}});
  const auto lines = Lines(stream);
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

TEST(LoggerTest, LeavesOutWhatIsBelowItsLevel) {
  std::ostringstream stream;
  Logger logger(LogLevel::kWarning, &stream);
  logger.Debug("a");
  logger.Info("b");
  logger.Warning("c");
  logger.Error("d");
  const auto lines = Lines(stream);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["level"], "warning");
  EXPECT_EQ(lines[1]["level"], "error");
}

TEST(LoggerTest, NoTextForgesALine) {
  std::ostringstream stream;
  Logger logger(LogLevel::kInfo, &stream);
  logger.Info("100 {} %v \"quoted\"", {{"id", "x\n{\"level\":\"error\"}\xff\x01"}});
  const auto lines = Lines(stream);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["message"], "100 {} %v \"quoted\"");
  EXPECT_EQ(lines[0]["id"], "x\n{\"level\":\"error\"}\xEF\xBF\xBD\x01");
}

TEST(LoggerTest, LinesOfThreadsDoNotMix) {
  std::ostringstream stream;
  Logger logger(LogLevel::kInfo, &stream);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&logger, t] {
      for (int i = 0; i < 200; ++i) logger.Info("line", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Lines(stream).size(), 800u);
}

TEST(LoggerTest, ParsesLevels) {
  EXPECT_EQ(*ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(*ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(*ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(*ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud").status().message(),
            "log level = \"loud\", must be debug, info, warning or error");
}

}  // namespace
}  // namespace nemf
