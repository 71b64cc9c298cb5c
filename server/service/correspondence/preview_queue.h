#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_PREVIEW_QUEUE_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_PREVIEW_QUEUE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "server/engine/engine.h"

namespace nemf {

// A queue of the previews of one stream that are not yet written, bounded in bytes: if a new one
// does not fit, the oldest are dropped. The newest is always kept. Not thread-safe.
class PreviewQueue {
 public:
  explicit PreviewQueue(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  bool empty() const { return previews_.empty(); }
  std::int64_t bytes() const { return bytes_; }

  void Push(FlowSnapshot preview) {
    bytes_ += BytesOf(preview);
    previews_.push_back(std::move(preview));
    while (bytes_ > max_bytes_ && previews_.size() > 1) Pop();
  }

  // Removes and returns the oldest. Requires !empty().
  FlowSnapshot Pop() {
    FlowSnapshot oldest = std::move(previews_.front());
    previews_.pop_front();
    bytes_ -= BytesOf(oldest);
    return oldest;
  }

 private:
  static std::int64_t BytesOf(const FlowSnapshot& preview) {
    return static_cast<std::int64_t>(preview.reference.size() * sizeof(Point));
  }

  const std::int64_t max_bytes_;
  std::deque<FlowSnapshot> previews_;
  std::int64_t bytes_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_PREVIEW_QUEUE_H_
