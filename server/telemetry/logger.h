#ifndef NEMF_SERVER_TELEMETRY_LOGGER_H_
#define NEMF_SERVER_TELEMETRY_LOGGER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "server/telemetry/line_writer.h"

namespace nemf {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Parses "debug", "info", "warning" or "error". Returns INVALID_ARGUMENT for any other text.
absl::StatusOr<LogLevel> ParseLogLevel(const std::string& text);

// One member of a log line's JSON object.
struct LogField {
  std::string key;
  std::variant<std::string, std::int64_t, double, bool> value;
};

// Writes one JSON object per line, by default to the standard error stream:
//   {"time":"2026-01-31T12:00:00.123456Z","level":"info","message":"serving","port":50051}
// Bytes that are not UTF-8 are replaced and control characters are escaped, so a client's text
// cannot forge a line. Never blocks (see LineWriter). Thread-safe.
class Logger {
 public:
  using Fields = std::initializer_list<LogField>;

  // Lines below `level` are not written.
  explicit Logger(LogLevel level, const LineWriterOptions& output = {})
      : level_(level), lines_(output) {}

  // Returns whether lines of `level` are written. Lets a caller skip the making of the fields.
  bool Writes(LogLevel level) const { return level >= level_; }

  void Debug(const std::string& message, Fields fields = {}) {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(const std::string& message, Fields fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warning(const std::string& message, Fields fields = {}) {
    Write(LogLevel::kWarning, message, fields);
  }
  void Error(const std::string& message, Fields fields = {}) {
    Write(LogLevel::kError, message, fields);
  }

  // Returns the number of lines dropped since the last call.
  std::int64_t TakeDroppedLines() { return lines_.TakeDropped(); }

 private:
  void Write(LogLevel level, const std::string& message, Fields fields);

  const LogLevel level_;
  LineWriter lines_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_LOGGER_H_
