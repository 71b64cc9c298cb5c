#include "server/scheduling/admission/job_slots.h"

#include <gtest/gtest.h>

#include <utility>

namespace nemf {
namespace {

TEST(JobSlotsTest, GivesNoMoreThanItHas) {
  SlotPool pool(2);
  SlotPool::Slot a = pool.TryAcquire();
  SlotPool::Slot b = pool.TryAcquire();
  EXPECT_TRUE(a);
  EXPECT_TRUE(b);
  EXPECT_FALSE(pool.TryAcquire());
  EXPECT_EQ(pool.in_use(), 2);
  b = SlotPool::Slot();
  EXPECT_EQ(pool.in_use(), 1);
  EXPECT_TRUE(pool.TryAcquire());
  EXPECT_EQ(pool.in_use(), 1);
}

TEST(JobSlotsTest, MovingKeepsOnePlace) {
  SlotPool pool(1);
  {
    SlotPool::Slot a = pool.TryAcquire();
    SlotPool::Slot b = std::move(a);
    EXPECT_FALSE(a);
    EXPECT_TRUE(b);
    SlotPool::Slot c;
    c = std::move(b);
    EXPECT_EQ(pool.in_use(), 1);
  }
  EXPECT_EQ(pool.in_use(), 0);
}

}  // namespace
}  // namespace nemf
