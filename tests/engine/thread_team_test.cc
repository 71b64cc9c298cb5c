#include "server/engine/cpu/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace nemf {
namespace {

TEST(ThreadTeam, DoesEachPartOnce) {
  ThreadTeam team(4, [] {});
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> done(round);
    ASSERT_TRUE(team.Run(round,
                         [&](int part, int worker) {
                           EXPECT_GE(worker, 0);
                           EXPECT_LT(worker, 4);
                           ++done[part];
                         })
                    .ok());
    for (const auto& count : done) ASSERT_EQ(count, 1);
  }
}

TEST(ThreadTeam, StartsEveryWorkerOnce) {
  std::atomic<int> started = 0;
  {
    ThreadTeam team(3, [&] { ++started; });
  }
  EXPECT_EQ(started, 3);
}

TEST(ThreadTeam, ReportsAnExceptionAndGoesOn) {
  ThreadTeam team(2, [] {});
  const absl::Status status = team.Run(100, [](int part, int) {
    if (part == 3) throw std::runtime_error("no memory\nwith a backtrace");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "the engine failed: no memory");
  EXPECT_TRUE(team.Run(10, [](int, int) {}).ok());
}

}  // namespace
}  // namespace nemf
