#include "server/scheduling/encoding/encoder_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A queue of jobs of these kinds; equal ids are equal pairs.
struct Spec {
  std::uint32_t id;
  JobKind kind = JobKind::kKeypoints;
  Priority priority = Priority::kNormal;
};

std::deque<AcceptedJob> Queue(const std::vector<Spec>& specs) {
  std::deque<AcceptedJob> queue;
  std::uint64_t position = 0;
  for (const Spec& spec : specs) {
    TestJob job;
    job.work.id = spec.id;
    job.kind = spec.kind;
    job.priority = spec.priority;
    job.seed = position++;
    queue.push_back(Accept(job, absl::UnixEpoch() + absl::Seconds(position)));
  }
  return queue;
}

std::uint64_t SeedOf(const AcceptedJob& job) {
  const auto* flow = std::get_if<FlowSpec>(&job.spec);
  return flow != nullptr ? flow->options.seed : std::get<KeypointsSpec>(job.spec).options.seed;
}

// The positions in the first queue.
std::vector<std::uint64_t> Positions(const PairGroup& group) {
  std::vector<std::uint64_t> positions;
  for (const AdmittedJob& job : group.jobs) positions.push_back(SeedOf(job.accepted));
  return positions;
}
std::vector<std::uint64_t> Positions(const std::deque<AcceptedJob>& queue) {
  std::vector<std::uint64_t> positions;
  for (const AcceptedJob& job : queue) positions.push_back(SeedOf(job));
  return positions;
}

TEST(EncoderBatchTest, TakesPairsInTheOrderOfArrival) {
  ActiveSlots slots(8);
  auto queue = Queue({{1}, {2}, {3}});
  const auto groups = TakeEncoderBatch(queue, 2, slots);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(Positions(groups[0]), ElementsAre(0));
  EXPECT_THAT(Positions(groups[1]), ElementsAre(1));
  EXPECT_THAT(Positions(queue), ElementsAre(2));
  EXPECT_EQ(slots.in_use(), 2);
}

TEST(EncoderBatchTest, EqualPairsShareAPlaceInThePass) {
  ActiveSlots slots(8);
  auto queue = Queue({{1}, {2}, {3}, {1}, {2}, {1}});
  const auto groups = TakeEncoderBatch(queue, 2, slots);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(Positions(groups[0]), ElementsAre(0, 3, 5));
  EXPECT_THAT(Positions(groups[1]), ElementsAre(1, 4));
  EXPECT_THAT(Positions(queue), ElementsAre(2));
}

TEST(EncoderBatchTest, StopsAtTheLastActiveSlot) {
  ActiveSlots slots(2);
  auto queue = Queue({{1}, {1}, {1}});
  const auto groups = TakeEncoderBatch(queue, 8, slots);
  EXPECT_THAT(Positions(queue), ElementsAre(2));
  EXPECT_THAT(TakeEncoderBatch(queue, 8, slots), IsEmpty());
}

TEST(EncoderBatchTest, FlowsLeaveAQuarterOfTheSlotsToKeypoints) {
  ActiveSlots slots(4);
  auto queue = Queue({{1, JobKind::kFlow},
                      {2, JobKind::kFlow},
                      {3, JobKind::kFlow},
                      {4, JobKind::kFlow},
                      {5, JobKind::kFlow},
                      {6}});
  const auto groups = TakeEncoderBatch(queue, 8, slots);
  EXPECT_EQ(groups.size(), 4u);
  EXPECT_THAT(Positions(groups.back()), ElementsAre(5));
  EXPECT_THAT(Positions(queue), ElementsAre(3, 4));
}

TEST(EncoderBatchTest, OneSlotServesBothKinds) {
  for (const JobKind kind : {JobKind::kFlow, JobKind::kKeypoints}) {
    ActiveSlots slots(1);
    auto queue = Queue({{1, kind}});
    EXPECT_EQ(TakeEncoderBatch(queue, 8, slots).size(), 1u);
  }
}

TEST(EncoderBatchTest, HigherPrioritiesGoFirst) {
  auto queue = Queue({{1, JobKind::kKeypoints, Priority::kLow},
                      {2},
                      {3, JobKind::kKeypoints, Priority::kHigh},
                      {4},
                      {5, JobKind::kKeypoints, Priority::kHigh}});
  SortByRank(queue);
  EXPECT_THAT(Positions(queue), ElementsAre(2, 4, 1, 3, 0));
}

TEST(EncoderBatchTest, WaitingRaisesTheRank) {
  auto queue = Queue(
      {{1, JobKind::kKeypoints, Priority::kLow}, {2}, {3, JobKind::kKeypoints, Priority::kHigh}});
  queue[0].batches_waited = 2 * kBatchesPerRank - 1;
  SortByRank(queue);
  EXPECT_THAT(Positions(queue), ElementsAre(2, 0, 1));
  queue[1].batches_waited = 2 * kBatchesPerRank;
  SortByRank(queue);
  EXPECT_THAT(Positions(queue), ElementsAre(0, 2, 1));
}

}  // namespace
}  // namespace nemf
