#ifndef NEMF_SERVER_TELEMETRY_LOGGER_H_
#define NEMF_SERVER_TELEMETRY_LOGGER_H_

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"

namespace spdlog {
class logger;
}

namespace nemf {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning" or "error"; else INVALID_ARGUMENT.
absl::StatusOr<LogLevel> ParseLogLevel(const std::string& text);

// One member of a log line's JSON object.
struct LogField {
  std::string key;
  std::variant<std::string, std::int64_t, double, bool> value;
};

// Writes one JSON object a line:
//   {"time":"2026-01-31T12:00:00.123456Z","level":"info","message":"serving","port":50051}
// Bytes that are not UTF-8 are replaced, control characters are escaped: a client's text cannot
// forge a line. Safe from any thread.
class Logger {
 public:
  using Fields = std::initializer_list<LogField>;

  // To the standard error stream. Lines below `level` are not written.
  explicit Logger(LogLevel level);
  // To `stream`, which outlives the logger.
  Logger(LogLevel level, std::ostream* stream);
  ~Logger();

  void Debug(const std::string& message, Fields fields = {});
  void Info(const std::string& message, Fields fields = {});
  void Warning(const std::string& message, Fields fields = {});
  void Error(const std::string& message, Fields fields = {});

 private:
  void Write(LogLevel level, const std::string& message, Fields fields);

  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_LOGGER_H_
