#include "server/scheduling/admission/job_slots.h"

#include "server/base/check.h"

namespace nemf {

Slot::~Slot() {
  if (pool_ != nullptr) pool_->in_use_.fetch_sub(1);
}

SlotPool::~SlotPool() { NEMF_CHECK(in_use_.load() == 0, "a slot outlives its pool"); }

Slot SlotPool::TryAcquire() {
  int taken = in_use_.load();
  while (taken < capacity_) {
    if (in_use_.compare_exchange_weak(taken, taken + 1)) return Slot(this);
  }
  return Slot();
}

}  // namespace nemf
