#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_JOB_SLOTS_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_JOB_SLOTS_H_

#include <atomic>
#include <utility>

#include "server/base/check.h"

namespace nemf {

// A bounded number of places. Safe from any thread; outlives its slots.
class SlotPool {
 public:
  // A place that is taken until its destruction. Move-only; may be empty.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(pool_, other.pool_);
      return *this;
    }
    ~Slot() {
      if (pool_ != nullptr) pool_->in_use_.fetch_sub(1);
    }

    explicit operator bool() const { return pool_ != nullptr; }

   private:
    friend class SlotPool;
    explicit Slot(SlotPool* pool) : pool_(pool) {}

    SlotPool* pool_ = nullptr;
  };

  explicit SlotPool(int capacity) : capacity_(capacity) {}
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;
  ~SlotPool() { NEMF_CHECK(in_use() == 0, "a slot outlives its pool"); }

  // Returns a slot, or an empty one if all places are taken.
  Slot TryAcquire() {
    int taken = in_use_.load();
    while (taken < capacity_) {
      if (in_use_.compare_exchange_weak(taken, taken + 1)) return Slot(this);
    }
    return Slot();
  }

  int capacity() const { return capacity_; }
  int in_use() const { return in_use_.load(); }

 private:
  const int capacity_;
  std::atomic<int> in_use_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_JOB_SLOTS_H_
