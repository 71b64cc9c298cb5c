#include "server/service/rpc/cancellation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace nemf {
namespace {

struct CountingHandle : JobHandle {
  void Cancel() override { ++cancels; }
  std::atomic<int> cancels = 0;
};

TEST(CancellationTest, ReachesAJobAttachedBefore) {
  Cancellation cancellation;
  auto job = std::make_shared<CountingHandle>();
  cancellation.Attach(job);
  EXPECT_EQ(job->cancels, 0);
  EXPECT_FALSE(cancellation.cancelled());
  cancellation.Cancel();
  EXPECT_EQ(job->cancels, 1);
  EXPECT_TRUE(cancellation.cancelled());
}

TEST(CancellationTest, ReachesAJobAttachedAfter) {
  Cancellation cancellation;
  cancellation.Cancel();
  auto job = std::make_shared<CountingHandle>();
  cancellation.Attach(job);
  EXPECT_EQ(job->cancels, 1);
}

TEST(CancellationTest, ReachesEveryJob) {
  Cancellation cancellation;
  auto before = std::make_shared<CountingHandle>();
  auto after = std::make_shared<CountingHandle>();
  cancellation.Attach(before);
  cancellation.Cancel();
  cancellation.Attach(after);
  EXPECT_EQ(before->cancels, 1);
  EXPECT_EQ(after->cancels, 1);
}

TEST(CancellationTest, LetsGoOfAnAnsweredJob) {
  Cancellation cancellation;
  auto before = std::make_shared<CountingHandle>();
  cancellation.Attach(before);
  cancellation.Detach();
  EXPECT_EQ(before.use_count(), 1);
  auto after = std::make_shared<CountingHandle>();
  cancellation.Attach(after);
  EXPECT_EQ(after.use_count(), 1);
}

TEST(CancellationTest, IsNeverLostInARace) {
  for (int i = 0; i < 2000; ++i) {
    Cancellation cancellation;
    auto job = std::make_shared<CountingHandle>();
    std::thread canceller([&cancellation] { cancellation.Cancel(); });
    cancellation.Attach(job);
    canceller.join();
    ASSERT_EQ(job->cancels, 1) << "race " << i;
  }
}

}  // namespace
}  // namespace nemf
