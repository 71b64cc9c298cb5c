#ifndef NEMF_SERVER_TELEMETRY_LINE_WRITER_H_
#define NEMF_SERVER_TELEMETRY_LINE_WRITER_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace nemf {

struct LineWriterOptions {
  int descriptor = STDERR_FILENO;   // is not closed; must stay open until the writer has stopped
  std::size_t max_bytes = 1 << 20;  // of lines that wait to be written
  absl::Duration flush_timeout = absl::Seconds(1);  // Stop() blocks at most this long
};

// A bounded queue of text lines with one thread that writes them to a file descriptor.
//
// Write() never blocks, even if nobody reads the other end of a pipe. When the queue is full the
// new line is dropped and counted; lines that are accepted are written whole and in order. Lines
// are also dropped and counted if the descriptor reports an error. Thread-safe.
class LineWriter {
 public:
  explicit LineWriter(const LineWriterOptions& options = {});
  // Calls Stop().
  ~LineWriter();

  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Queues `line`, to which the newline is added.
  void Write(absl::string_view line);

  // Blocks until the queue is written, for at most `flush_timeout`. Later lines are dropped. If a
  // write still blocks then, the thread is detached: it holds only its own queue and must not delay
  // the end of the process. Must not be called by two threads at once.
  void Stop();

  // Returns the number of lines dropped since the last call.
  std::int64_t TakeDropped();

 private:
  class Queue;

  const absl::Duration flush_timeout_;
  const std::shared_ptr<Queue> queue_;  // shared with the thread, which may outlive the writer
  std::thread thread_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_LINE_WRITER_H_
