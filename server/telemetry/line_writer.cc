#include "server/telemetry/line_writer.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace nemf {
namespace {

// Returns what could not be written because of an error; empty if all was written.
absl::string_view WriteAll(int descriptor, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // Another process may have made the descriptor non-blocking.
      pollfd ready = {.fd = descriptor, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, /*timeout=*/-1);
    } else if (errno != EINTR) {
      break;
    }
  }
  return text;
}

}  // namespace

class LineWriter::Queue {
 public:
  explicit Queue(const LineWriterOptions& options)
      : descriptor_(options.descriptor), max_bytes_(options.max_bytes) {}

  void Add(absl::string_view line) {
    absl::MutexLock lock(&mutex_);
    if (closing_ || lines_.size() + line.size() + 1 > max_bytes_) {
      ++dropped_;
      return;
    }
    absl::StrAppend(&lines_, line, "\n");
  }

  // Writes lines until Close() was called and none is left. For the writer's thread.
  void Run() {
    while (true) {
      std::string batch;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &Queue::HasWork));
        if (lines_.empty()) break;
        batch.swap(lines_);
      }
      const absl::string_view lost = WriteAll(descriptor_, batch);
      dropped_ += std::count(lost.begin(), lost.end(), '\n');
    }
    absl::MutexLock lock(&mutex_);
    finished_ = true;
  }

  // Makes Run() return when all lines are written. Returns whether it did so within `timeout`.
  bool Close(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    return mutex_.AwaitWithTimeout(absl::Condition(&finished_), timeout);
  }

  std::int64_t TakeDropped() { return dropped_.exchange(0); }

 private:
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_ || !lines_.empty(); }

  const int descriptor_;
  const std::size_t max_bytes_;
  std::atomic<std::int64_t> dropped_ = 0;
  absl::Mutex mutex_;
  std::string lines_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

LineWriter::LineWriter(const LineWriterOptions& options)
    : flush_timeout_(options.flush_timeout),
      queue_(std::make_shared<Queue>(options)),
      thread_([queue = queue_] { queue->Run(); }) {}

LineWriter::~LineWriter() { Stop(); }

void LineWriter::Write(absl::string_view line) { queue_->Add(line); }

void LineWriter::Stop() {
  if (!thread_.joinable()) return;
  if (queue_->Close(flush_timeout_)) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::int64_t LineWriter::TakeDropped() { return queue_->TakeDropped(); }

}  // namespace nemf
