#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "server/engine/fatal_error.h"
#include "tests/engine/device_test_engine.h"
#include "tests/engine/test_models.h"

// What the CUDA back end does when its device has too little memory or is lost; on the host.
namespace nemf {
namespace {

using testing::DeviceFaults;
using testing::DeviceTestOptions;
using testing::EncodeBlank;
using ::testing::HasSubstr;
using testing::MakeHostTestEngine;
using testing::RunToEnd;
using testing::SameBits;

MatchOptions ShortOptions() {
  MatchOptions options;
  options.patchmatch_iterations = 2;
  options.optimize_steps = 2;
  return options;
}

class DeviceMemoryTest : public ::testing::Test {
 protected:
  DeviceTestOptions Options() {
    DeviceTestOptions options;
    options.faults = &faults_;
    return options;
  }

  DeviceFaults faults_;
};

TEST_F(DeviceMemoryTest, ShortMemoryHalvesTheChunkAndTheAnswerStands) {
  std::unique_ptr<Engine> calm = MakeHostTestEngine(Options()).value();
  const auto expected = RunToEnd(calm.get(), EncodeBlank(calm.get(), {21, 13}), {}, ShortOptions());
  const std::size_t largest = faults_.largest_allocation;
  // Wherever it happens: while the task goes to the device, in an iteration, in the finish.
  for (int after = 0; after < 38; after += 3) {
    std::unique_ptr<Engine> engine = MakeHostTestEngine(Options()).value();
    const auto pair = EncodeBlank(engine.get(), {21, 13});
    faults_.allocations_left = after;
    EXPECT_TRUE(SameBits(expected, RunToEnd(engine.get(), pair, {}, ShortOptions(), 400)))
        << "after " << after << " allocations";
    ASSERT_EQ(faults_.allocations_left, -1) << "memory never ran short";
    // Chunks made now are smaller than at first.
    faults_.largest_allocation = 0;
    faults_.allocations_left = 0;
    RunToEnd(engine.get(), pair, {}, ShortOptions());
    EXPECT_LT(faults_.largest_allocation, largest);
  }
}

TEST_F(DeviceMemoryTest, NoMemoryAtAllIsToldAndGoesBy) {
  std::unique_ptr<Engine> engine = MakeHostTestEngine(Options()).value();
  const auto pair = EncodeBlank(engine.get(), {21, 13});
  const auto task = engine->Start(pair, {}, ShortOptions());
  faults_.allocations_left = 0;
  faults_.stays_full = true;
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = engine->Step({task.get()}, 1000).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_FALSE(IsFatal(status));
  }
  const ImagePair blank = testing::BlankPair({8, 8}, {8, 8});
  EXPECT_EQ(engine->Encode({blank}).status().code(), absl::StatusCode::kResourceExhausted);
  faults_ = DeviceFaults();
  while (!task->done()) engine->Step({task.get()}, 1000).value();
  EXPECT_EQ(task->TakeResult().size(), 21u * 13u);
}

TEST_F(DeviceMemoryTest, PlansTheChunkByTheMemoryThatIsFree) {
  MakeHostTestEngine(Options()).value();
  const std::size_t all = faults_.largest_allocation;
  faults_ = DeviceFaults();
  faults_.free_bytes = 1 << 16;
  MakeHostTestEngine(Options()).value();
  EXPECT_LT(faults_.largest_allocation, all);
}

TEST_F(DeviceMemoryTest, ALostDeviceIsFatalAndIsNotAskedAgain) {
  std::unique_ptr<Engine> engine = MakeHostTestEngine(Options()).value();
  const auto pair = EncodeBlank(engine.get(), {21, 13});
  const auto task = engine->Start(pair, {}, ShortOptions());
  engine->Step({task.get()}, 500).value();
  faults_.lost = true;
  const absl::Status status = engine->Step({task.get()}, 500).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(IsFatal(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("device lost"));
  const int copies = faults_.copies;
  faults_.lost = false;
  EXPECT_TRUE(IsFatal(engine->Step({task.get()}, 500).status()));
  const ImagePair blank = testing::BlankPair({8, 8}, {8, 8});
  EXPECT_TRUE(IsFatal(engine->Encode({blank}).status()));
  EXPECT_EQ(faults_.copies, copies);
}

}  // namespace
}  // namespace nemf
