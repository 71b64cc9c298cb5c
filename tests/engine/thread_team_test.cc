#include "server/engine/cpu/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace nemf {
namespace {

TEST(ThreadTeam, DoesEachPartOnce) {
  cpu::ThreadTeam team(4, [] {});
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

TEST(ThreadTeam, PreparesItsThreadsOnceAndTheCallerEachTime) {
  std::atomic<int> prepared = 0;
  {
    cpu::ThreadTeam team(3, [&] { ++prepared; });
    ASSERT_TRUE(team.Run(1, [](int, int) {}).ok());
    ASSERT_TRUE(team.Run(1, [](int, int) {}).ok());
  }
  EXPECT_EQ(prepared, 4);
}

TEST(ThreadTeam, OfOneIsTheCaller) {
  cpu::ThreadTeam team(1, [] {});
  const std::thread::id caller = std::this_thread::get_id();
  ASSERT_TRUE(team.Run(5,
                       [&](int, int worker) {
                         EXPECT_EQ(worker, 0);
                         EXPECT_EQ(std::this_thread::get_id(), caller);
                       })
                  .ok());
}

TEST(ThreadTeam, ReportsAnExceptionAndGoesOn) {
  cpu::ThreadTeam team(2, [] {});
  const absl::Status status = team.Run(100, [](int part, int) {
    if (part == 3) throw std::runtime_error("no memory\nwith a backtrace");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "the engine failed: no memory");
  EXPECT_TRUE(team.Run(10, [](int, int) {}).ok());
}

}  // namespace
}  // namespace nemf
