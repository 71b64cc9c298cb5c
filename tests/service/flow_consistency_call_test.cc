// Flows with consistency and flows in float16, through a socket, from a scheduler that is a puppet.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include "server/engine/math/half.h"
#include "server/service/correspondence/response_messages.h"
#include "tests/service/puppet_server.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using testing::GreyImage;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr float kInfinity = std::numeric_limits<float>::infinity();

v1::ComputeFlowRequest Request(int width = 20, int height = 10) {
  v1::ComputeFlowRequest request;
  *request.mutable_query() = GreyImage(width, height);
  *request.mutable_reference() = GreyImage(30, 11);
  request.set_with_consistency(true);
  return request;
}

template <typename T>
T ItemAt(const std::string& bytes, std::size_t index) {
  T item;
  std::memcpy(&item, bytes.data() + index * sizeof item, sizeof item);
  return item;
}

class FlowConsistencyCallTest : public testing::PuppetServerTest {
 protected:
  struct Answer {
    v1::FlowHeader header;
    std::string flow;
    std::string consistency;
    v1::FlowTrailer trailer;
    int previews = 0;
    grpc::Status status;
  };

  // Reads to the end of the stream.
  static Answer Read(grpc::ClientReader<v1::ComputeFlowResponse>* reader) {
    Answer answer;
    v1::ComputeFlowResponse message;
    while (reader->Read(&message)) {
      EXPECT_LE(message.ByteSizeLong(), 1 << 20);
      if (message.has_header()) answer.header = message.header();
      if (message.has_trailer()) answer.trailer = message.trailer();
      if (message.has_preview()) {
        ++answer.previews;
        EXPECT_TRUE(message.preview().chunk().consistency().empty());
      }
      answer.flow += message.chunk().flow();
      answer.consistency += message.chunk().consistency();
    }
    answer.status = reader->Finish();
    return answer;
  }

  Answer Ask(const v1::ComputeFlowRequest& request) {
    grpc::ClientContext context;
    return Read(stub_->ComputeFlow(&context, request).get());
  }
};

// Both ways move by (1, 2), so that a pixel comes back at (2, 4) from itself.
TEST_F(FlowConsistencyCallTest, ComesWithTheFlow) {
  Start(/*at_once=*/true);
  const Answer answer = Ask(Request());
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.header.type(), v1::FLOAT32);
  ASSERT_EQ(answer.consistency.size(), 200 * sizeof(float));
  for (int y = 0; y < 10; ++y) {
    // The reference has 11 rows, so the last query row leads out of it.
    const float expected = y + 2 <= 10 ? std::sqrt(20.0f) : kInfinity;
    for (int x = 0; x < 20; ++x) {
      EXPECT_EQ(ItemAt<float>(answer.consistency, y * 20 + x), expected) << x << "," << y;
    }
  }
  EXPECT_EQ(answer.trailer.statistics().field_queries(), 14);  // 7 for each job
  ASSERT_EQ(Records().size(), 1);
  EXPECT_EQ(Records()[0].cost.job.field_queries, 14);
}

TEST_F(FlowConsistencyCallTest, OnlyWhereAskedFor) {
  Start(/*at_once=*/true);
  v1::ComputeFlowRequest request = Request();
  request.set_with_consistency(false);
  const Answer answer = Ask(request);
  ASSERT_TRUE(answer.status.ok());
  EXPECT_TRUE(answer.consistency.empty());
  EXPECT_EQ(answer.trailer.statistics().field_queries(), 7);
}

TEST_F(FlowConsistencyCallTest, TheSecondJobIsTheFirstTheOtherWayRound) {
  Start(/*at_once=*/false);
  v1::ComputeFlowRequest request = Request();
  request.mutable_options()->set_seed(5);
  request.add_preview_iterations(0);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(5));
  const auto reader = stub_->ComputeFlow(&context, request);
  const testing::PuppetJob forward = scheduler_->AwaitJob();
  scheduler_->SendSnapshot({0, std::vector<Point>(200)});
  scheduler_->AnswerNext();
  const testing::PuppetJob backward = scheduler_->AwaitJob();
  scheduler_->AnswerNext();
  const Answer answer = Read(reader.get());
  EXPECT_TRUE(answer.status.ok());
  EXPECT_EQ(answer.previews, 1);

  const auto& flow = std::get<FlowSpec>(forward.request.spec);
  const auto& back = std::get<FlowSpec>(backward.request.spec);
  EXPECT_TRUE(flow.both_ways);
  EXPECT_THAT(flow.snapshots, ElementsAre(0));
  EXPECT_TRUE(back.snapshots.empty());
  EXPECT_EQ(back.options.seed, 5);
  EXPECT_EQ(back.options.lattice_stride, flow.options.lattice_stride);
  // The same pixels, not a copy of them.
  EXPECT_EQ(backward.pair.query, forward.pair.reference);
  EXPECT_EQ(backward.pair.reference, forward.pair.query);
  EXPECT_EQ(backward.pair.query->size.width, 30);
  EXPECT_NE(backward.digest, forward.digest);
  EXPECT_EQ(backward.request.priority, forward.request.priority);
  EXPECT_EQ(backward.request.deadline, forward.request.deadline);
  EXPECT_LT(backward.request.deadline, absl::InfiniteFuture());
}

TEST_F(FlowConsistencyCallTest, AFailureOfOneCancelsTheOther) {
  Start(/*at_once=*/false);
  for (const bool forward_fails : {true, false}) {
    grpc::ClientContext context;
    const auto reader = stub_->ComputeFlow(&context, Request());
    if (!forward_fails) {
      EXPECT_FALSE(scheduler_->AnswerNext());
    }
    scheduler_->FailNext(absl::InternalError("broken device"));
    if (forward_fails) {
      EXPECT_TRUE(scheduler_->AnswerNext(kPatience));
    }
    const Answer answer = Read(reader.get());
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(answer.status.error_message(), "broken device");
    EXPECT_TRUE(answer.flow.empty());
  }
  EXPECT_EQ(scheduler_->waiting(), 0);
}

TEST_F(FlowConsistencyCallTest, BothHaveOneReservation) {
  Start(/*at_once=*/false);
  scheduler_->RefuseWith(absl::ResourceExhaustedError("the queue is full"));
  grpc::ClientContext context;
  const auto reader = stub_->ComputeFlow(&context, Request());
  const Answer answer = Read(reader.get());
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(answer.status.error_message(), "the queue is full");
  EXPECT_TRUE(std::get<FlowSpec>(scheduler_->reserved().spec).both_ways);
  EXPECT_EQ(scheduler_->submitted(), 0);
}

TEST_F(FlowConsistencyCallTest, ACancellationReachesBoth) {
  Start(/*at_once=*/false);
  for (const int answered : {0, 1}) {
    grpc::ClientContext context;
    const auto reader = stub_->ComputeFlow(&context, Request());
    scheduler_->AwaitJob();
    for (int i = 0; i < answered; ++i) EXPECT_FALSE(scheduler_->AnswerNext());
    context.TryCancel();
    for (int i = answered; i < 2; ++i) EXPECT_TRUE(scheduler_->AnswerNext(kPatience)) << i;
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
}

// (A use after free shows under the address and thread sanitizers.)
TEST_F(FlowConsistencyCallTest, SurvivesCancellationAtAnyMoment) {
  constexpr int kCalls = 300;
  Start(/*at_once=*/false);
  std::thread engine([this] { scheduler_->AnswerAll(); });
  std::mt19937 random(2);
  for (int i = 0; i < kCalls; ++i) {
    grpc::ClientContext context;
    const auto reader = stub_->ComputeFlow(&context, Request(i % 50 == 0 ? 600 : 3, 9));
    std::thread canceller([&context, delay = random() % 1500] {
      absl::SleepFor(absl::Microseconds(delay));
      context.TryCancel();
    });
    const grpc::StatusCode code = Read(reader.get()).status.error_code();
    EXPECT_TRUE(code == grpc::StatusCode::OK || code == grpc::StatusCode::CANCELLED) << code;
    canceller.join();
  }
  Stop();
  scheduler_->Close();
  engine.join();
  EXPECT_EQ(scheduler_.use_count(), 1);  // no call is left behind
}

TEST_F(FlowConsistencyCallTest, Float16IsHalfOfTheSame) {
  Start(/*at_once=*/true);
  v1::ComputeFlowRequest request = Request(641, 479);
  const Answer full = Ask(request);
  request.set_type(v1::FLOAT16);
  const Answer half = Ask(request);
  ASSERT_TRUE(half.status.ok()) << half.status.error_message();
  EXPECT_EQ(half.header.type(), v1::FLOAT16);
  ASSERT_EQ(half.flow.size(), full.flow.size() / 2);
  ASSERT_EQ(half.consistency.size(), full.consistency.size() / 2);
  for (std::size_t i = 0; i < half.consistency.size() / 2; ++i) {
    ASSERT_EQ(ItemAt<std::uint16_t>(half.flow, 2 * i),
              FloatToHalf(ItemAt<float>(full.flow, 2 * i)));
    ASSERT_EQ(ItemAt<std::uint16_t>(half.consistency, i),
              FloatToHalf(ItemAt<float>(full.consistency, i)));
  }
}

TEST_F(FlowConsistencyCallTest, RefusesAnUnknownType) {
  Start(/*at_once=*/true);
  v1::ComputeFlowRequest request = Request();
  request.set_type(static_cast<v1::FlowType>(7));
  const Answer answer = Ask(request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(answer.status.error_message(), "type = 7, must be FLOAT32 or FLOAT16");
}

TEST(MatchAnswerTest, CountsBothFlows) {
  MatchAnswer answer;
  answer.result.statistics = {.queue_time = absl::Seconds(1),
                              .encode_time = absl::Seconds(2),
                              .match_time = absl::Seconds(3),
                              .field_queries = 100,
                              .encoder_batch_pairs = 2,
                              .cached = true};
  EXPECT_EQ(answer.statistics().field_queries, 100);
  EXPECT_TRUE(answer.statistics().cached);
  answer.backward.emplace().statistics = {.queue_time = absl::Seconds(4),
                                          .encode_time = absl::Seconds(1),
                                          .match_time = absl::Seconds(9),
                                          .field_queries = 30,
                                          .encoder_batch_pairs = 1,
                                          .cached = false};
  const JobStatistics both = answer.statistics();
  EXPECT_EQ(both.queue_time, absl::Seconds(4));
  EXPECT_EQ(both.encode_time, absl::Seconds(2));
  EXPECT_EQ(both.match_time, absl::Seconds(9));
  EXPECT_EQ(both.field_queries, 130);
  EXPECT_EQ(both.encoder_batch_pairs, 2);
  EXPECT_FALSE(both.cached);
  const v1::FlowTrailer trailer = ToFlowTrailer(answer);
  EXPECT_EQ(trailer.statistics().match_seconds(), 9);
  EXPECT_EQ(trailer.forward_match_seconds(), 3);
  EXPECT_EQ(trailer.backward_match_seconds(), 9);
}

}  // namespace
}  // namespace nemf
