#include "server/telemetry/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

// A pipe of one page.
class Pipe {
 public:
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    reader_ = ends[0];
    writer_ = ends[1];
    EXPECT_GT(fcntl(writer_, F_SETPIPE_SZ, 4096), 0);
  }
  ~Pipe() {
    CloseReader();
    close(writer_);
  }

  int writer() const { return writer_; }
  void CloseReader() { close(std::exchange(reader_, -1)); }

  // Writes bytes until the next write would block.
  void Fill() {
    fcntl(writer_, F_SETFL, O_NONBLOCK);
    while (write(writer_, "-", 1) == 1) ++filling_;
    fcntl(writer_, F_SETFL, 0);
  }

  // Takes what Fill() wrote, then blocks until `size` more bytes have come and returns them.
  std::string Read(std::size_t size) {
    std::string text;
    char byte = 0;
    while (text.size() < filling_ + size && read(reader_, &byte, 1) == 1) text += byte;
    text.erase(0, filling_);
    filling_ = 0;
    return text;
  }

 private:
  int reader_ = -1;
  int writer_ = -1;
  std::size_t filling_ = 0;
};

// Line number i, ten bytes with its newline.
constexpr std::size_t kLineBytes = 10;
std::string Line(int i) { return absl::StrCat("line ", absl::Dec(i, absl::kZeroPad4)); }

TEST(LineWriterTest, WritesLinesInOrder) {
  Pipe pipe;
  LineWriter writer({.descriptor = pipe.writer(), .flush_timeout = absl::InfiniteDuration()});
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    writer.Write(Line(i));
    absl::StrAppend(&expected, Line(i), "\n");
  }
  writer.Stop();
  EXPECT_EQ(pipe.Read(expected.size()), expected);
  EXPECT_EQ(writer.TakeDropped(), 0);
}

TEST(LineWriterTest, AFullPipeDropsLinesAndDoesNotBlock) {
  constexpr int kLines = 1000;
  constexpr int kQueued = 7;
  Pipe pipe;
  pipe.Fill();
  LineWriter writer({.descriptor = pipe.writer(),
                     .max_bytes = kQueued * kLineBytes,
                     .flush_timeout = absl::InfiniteDuration()});
  for (int i = 0; i < kLines; ++i) writer.Write(Line(i));
  const std::int64_t dropped = writer.TakeDropped();
  // The thread holds up to one queue of lines while a second one fills.
  EXPECT_GE(dropped, kLines - 2 * kQueued);
  EXPECT_LE(dropped, kLines - kQueued);
  EXPECT_EQ(writer.TakeDropped(), 0) << "each line is counted once";

  // Once somebody reads, the accepted lines come whole and in order.
  const std::string text = pipe.Read((kLines - dropped) * kLineBytes);
  int previous = -1;
  for (std::size_t begin = 0; begin < text.size(); begin += kLineBytes) {
    const int i = std::stoi(text.substr(begin + 5, 4));
    EXPECT_EQ(text.substr(begin, kLineBytes), Line(i) + "\n");
    EXPECT_GT(i, previous);
    previous = i;
  }
  writer.Write(Line(kLines));
  EXPECT_EQ(pipe.Read(kLineBytes), Line(kLines) + "\n");
}

TEST(LineWriterTest, TheEndDoesNotWaitForAStalledReader) {
  Pipe pipe;
  pipe.Fill();
  {
    LineWriter writer({.descriptor = pipe.writer(), .flush_timeout = absl::ZeroDuration()});
    writer.Write(Line(0));
  }
  EXPECT_EQ(pipe.Read(kLineBytes), Line(0) + "\n") << "the detached thread still writes its line";
}

TEST(LineWriterTest, CountsLinesThatCannotBeWritten) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.CloseReader();
  LineWriter writer({.descriptor = pipe.writer(), .flush_timeout = absl::InfiniteDuration()});
  for (int i = 0; i < 3; ++i) writer.Write(Line(i));
  writer.Stop();
  writer.Write(Line(3));
  EXPECT_EQ(writer.TakeDropped(), 4);
}

TEST(LineWriterTest, SurvivesADescriptorThatDoesNotBlock) {
  Pipe pipe;
  pipe.Fill();
  fcntl(pipe.writer(), F_SETFL, O_NONBLOCK);
  LineWriter writer({.descriptor = pipe.writer(), .flush_timeout = absl::InfiniteDuration()});
  writer.Write(Line(0));
  EXPECT_EQ(pipe.Read(kLineBytes), Line(0) + "\n");
}

}  // namespace
}  // namespace nemf
