#include "client/cli/progress.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <utility>

namespace nemf::cli {
namespace {

constexpr char kStartOfLine[] = "\r\x1b[K";  // also clears the line

std::ostream* TerminalOf(std::ostream* err) {
  return err == &std::cerr && isatty(STDERR_FILENO) != 0 ? err : nullptr;
}

}  // namespace

std::string ProgressLine(int done, int total, double seconds, const std::string& unit) {
  constexpr int kWidth = 20;
  const double share = total > 0 ? static_cast<double>(done) / total : 1;
  const int filled = static_cast<int>(share * kWidth);
  const double rate = seconds > 0 ? done / seconds : 0;
  std::string left = "?";
  char text[160];
  if (rate > 0) {
    const int remaining = static_cast<int>((total - done) / rate + 0.5);
    std::snprintf(text, sizeof(text), "%d:%02d", remaining / 60, remaining % 60);
    left = text;
  }
  std::snprintf(text, sizeof(text), "] %d %%  %d/%d %s  %.1f/s  %s left",
                static_cast<int>(share * 100), done, total, unit.c_str(), rate, left.c_str());
  std::string line = "[";
  line.append(filled, '#').append(kWidth - filled, '.');
  return line + text;
}

Progress::Progress(std::ostream* err, int total, std::string unit)
    : err_(TerminalOf(err)), total_(total), unit_(std::move(unit)) {}

Progress::~Progress() {
  if (err_ != nullptr) *err_ << kStartOfLine << std::flush;
}

void Progress::Step() {
  constexpr double kRedrawSeconds = 0.1;
  const std::lock_guard lock(mutex_);
  ++done_;
  const double now = stopwatch_.Seconds();
  if (err_ == nullptr || (drawn_at_ >= 0 && now < drawn_at_ + kRedrawSeconds)) return;
  drawn_at_ = now;
  *err_ << kStartOfLine << ProgressLine(done_, total_, now, unit_) << std::flush;
}

}  // namespace nemf::cli
