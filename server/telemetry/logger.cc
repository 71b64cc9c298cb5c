#include "server/telemetry/logger.h"

#include <array>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace nemf {
namespace {

constexpr std::array<const char*, 4> kLevelNames = {"debug", "info", "warning", "error"};

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(const std::string& text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (text == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("log level = \"", text, "\", must be debug, info, warning or error"));
}

void Logger::Write(LogLevel level, const std::string& message, Fields fields) {
  if (!Writes(level)) return;
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  line["level"] = kLevelNames[static_cast<std::size_t>(level)];
  line["message"] = message;
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[field.key] = value; }, field.value);
  }
  lines_.Write(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace nemf
