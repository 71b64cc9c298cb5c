#include "server/telemetry/logger.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "spdlog/logger.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace nemf {
namespace {

struct LevelName {
  LogLevel level;
  const char* name;
  spdlog::level::level_enum spdlog;
};
constexpr std::array<LevelName, 4> kLevels{{
    {LogLevel::kDebug, "debug", spdlog::level::debug},
    {LogLevel::kInfo, "info", spdlog::level::info},
    {LogLevel::kWarning, "warning", spdlog::level::warn},
    {LogLevel::kError, "error", spdlog::level::err},
}};

const LevelName& Find(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::unique_ptr<spdlog::logger> MakeLogger(LogLevel level, spdlog::sink_ptr sink) {
  auto logger = std::make_unique<spdlog::logger>("nemf", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(Find(level).spdlog);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

std::string Now() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(const std::string& text) {
  for (const LevelName& level : kLevels) {
    if (text == level.name) return level.level;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("log level = \"", text, "\", must be debug, info, warning or error"));
}

Logger::Logger(LogLevel level)
    : logger_(MakeLogger(level, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

Logger::Logger(LogLevel level, std::ostream* stream)
    : logger_(MakeLogger(level, std::make_shared<spdlog::sinks::ostream_sink_mt>(*stream))) {}

Logger::~Logger() = default;

void Logger::Debug(const std::string& message, Fields fields) {
  Write(LogLevel::kDebug, message, fields);
}
void Logger::Info(const std::string& message, Fields fields) {
  Write(LogLevel::kInfo, message, fields);
}
void Logger::Warning(const std::string& message, Fields fields) {
  Write(LogLevel::kWarning, message, fields);
}
void Logger::Error(const std::string& message, Fields fields) {
  Write(LogLevel::kError, message, fields);
}

void Logger::Write(LogLevel level, const std::string& message, Fields fields) {
  if (!logger_->should_log(Find(level).spdlog)) return;
  nlohmann::ordered_json line;
  line["time"] = Now();
  line["level"] = Find(level).name;
  line["message"] = message;
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[field.key] = value; }, field.value);
  }
  logger_->log(Find(level).spdlog,
               line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace nemf
