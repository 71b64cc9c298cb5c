#ifndef NEMF_SERVER_SCHEDULING_ADMISSION_JOB_SLOTS_H_
#define NEMF_SERVER_SCHEDULING_ADMISSION_JOB_SLOTS_H_

#include <atomic>
#include <utility>

namespace nemf {

class SlotPool;

// A place taken in a SlotPool, given back on destruction. Move-only; may be empty.
class Slot {
 public:
  Slot() = default;
  Slot(Slot&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
  Slot& operator=(Slot&& other) noexcept {
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~Slot();

  explicit operator bool() const { return pool_ != nullptr; }

 private:
  friend class SlotPool;
  explicit Slot(SlotPool* pool) : pool_(pool) {}

  SlotPool* pool_ = nullptr;
};

// A bounded number of places. Safe from any thread; outlives its slots, which it asserts.
class SlotPool {
 public:
  explicit SlotPool(int capacity) : capacity_(capacity) {}
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;
  ~SlotPool();

  // A slot, or an empty one when all places are taken.
  Slot TryAcquire();

  int capacity() const { return capacity_; }
  int in_use() const { return in_use_.load(); }

 private:
  friend class Slot;

  const int capacity_;
  std::atomic<int> in_use_ = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ADMISSION_JOB_SLOTS_H_
