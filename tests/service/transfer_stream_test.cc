#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "nemf/v1/correspondence.grpc.pb.h"
#include "server/service/grpc_server.h"
#include "server/service/rpc/rpc_context.h"
#include "tests/service/puppet_server.h"

namespace nemf {
namespace {

using testing::GreyImage;
using ::testing::HasSubstr;
using testing::PuppetServerTest;
using ::testing::StartsWith;

using Stream = grpc::ClientReaderWriter<v1::TransferKeypointsStreamRequest,
                                        v1::TransferKeypointsStreamResponse>;

// A pair with one keypoint at (x, 0) of a query 20 pixels wide.
v1::TransferKeypointsStreamRequest Pair(const std::string& id, float x) {
  v1::TransferKeypointsStreamRequest message;
  message.set_id(id);
  *message.mutable_request()->mutable_query() = GreyImage(20, 10);
  *message.mutable_request()->mutable_reference() = GreyImage(20, 10);
  message.mutable_request()->add_keypoints()->set_x(x);
  return message;
}

class TransferStreamTest : public PuppetServerTest {};

TEST_F(TransferStreamTest, AnswersEveryPairUnderItsId) {
  constexpr int kPairs = 100;
  Start(/*at_once=*/true);
  grpc::ClientContext context;
  context.AddMetadata(kRequestIdKey, "my-run");
  const auto stream = stub_->TransferKeypointsStream(&context);
  std::thread sender([&stream] {
    for (int i = 0; i < kPairs; ++i) {
      ASSERT_TRUE(stream->Write(Pair(absl::StrCat(i), static_cast<float>(i % 20))));
    }
    stream->WritesDone();
  });
  std::map<std::string, float> found;
  v1::TransferKeypointsStreamResponse answer;
  while (stream->Read(&answer)) {
    ASSERT_EQ(answer.response().matches_size(), 1);
    found[answer.id()] = answer.response().matches(0).reference().x();
    EXPECT_EQ(answer.response().statistics().model_name(), "puppet");
  }
  sender.join();
  EXPECT_TRUE(stream->Finish().ok());
  ASSERT_EQ(found.size(), kPairs);
  for (const auto& [id, x] : found) EXPECT_EQ(x, std::stoi(id) % 20 + 1);
  ASSERT_EQ(Records().size(), kPairs);
  EXPECT_EQ(Records()[0].method, "TransferKeypointsStream");
  EXPECT_THAT(Records()[0].request_id, StartsWith("my-run/"));
}

TEST_F(TransferStreamTest, AnswersAsPairsFinish) {
  Start(/*at_once=*/false);
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  stream->Write(Pair("a", 1));
  scheduler_->AwaitWaiting(1);
  scheduler_->AnswerNext();
  // The stream is open still, yet the answer comes.
  v1::TransferKeypointsStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.id(), "a");
  stream->Write(Pair("b", 1));
  stream->WritesDone();
  scheduler_->AnswerNext();
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.id(), "b");
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(TransferStreamTest, GoesOnAfterABadPair) {
  Start(/*at_once=*/true);
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  v1::TransferKeypointsStreamResponse answer;

  stream->Write(Pair("bad", 20));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.id(), "bad");
  EXPECT_EQ(answer.error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(answer.error().message(), HasSubstr("keypoints[0].x = 20, must be >= 0 and <= 19"));

  stream->Write({});
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.error().code(), grpc::StatusCode::INVALID_ARGUMENT);

  stream->Write(Pair("good", 2));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.id(), "good");
  EXPECT_TRUE(answer.has_response());
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(TransferStreamTest, EndsAnEmptyStream) {
  Start(/*at_once=*/true);
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  stream->WritesDone();
  v1::TransferKeypointsStreamResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
}

// Nobody reads: the server takes its three pairs and no more, and goes on when one is answered.
TEST_F(TransferStreamTest, TakesABoundedNumberOfPairs) {
  GrpcServerOptions options;
  options.limits.max_stream_pairs = 3;
  Start(/*at_once=*/false, options);
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(stream->Write(Pair(absl::StrCat(i), 1)));
  scheduler_->AwaitWaiting(3);
  scheduler_->AnswerNext();
  v1::TransferKeypointsStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  scheduler_->AwaitWaiting(3);
  stream->WritesDone();
  for (int i = 1; i < 5; ++i) scheduler_->AnswerNext();
  for (int i = 1; i < 5; ++i) EXPECT_TRUE(stream->Read(&answer));
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(scheduler_->submitted(), 5);
  EXPECT_EQ(scheduler_->most_waiting(), 3);
}

TEST_F(TransferStreamTest, CancelsItsPairs) {
  Start(/*at_once=*/false);
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  for (const char* id : {"a", "b", "c"}) stream->Write(Pair(id, 1));
  scheduler_->AwaitWaiting(3);
  context.TryCancel();
  for (int i = 0; i < 3; ++i) scheduler_->AnswerNext(absl::InfiniteDuration());
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  Stop();
  ASSERT_EQ(Records().size(), 3);
  for (const CallRecord& record : Records()) EXPECT_TRUE(absl::IsCancelled(record.status));
  EXPECT_EQ(scheduler_.use_count(), 1);
}

// A pair in flight is answered, one that comes later is refused, and an idle stream holds up
// nobody.
TEST_F(TransferStreamTest, ShutdownWaitsForPairsOnly) {
  Start(/*at_once=*/false);
  grpc::ClientContext context;
  const auto stream = stub_->TransferKeypointsStream(&context);
  stream->Write(Pair("early", 1));
  scheduler_->AwaitWaiting(1);
  std::thread shutdown([this] { Stop(); });
  v1::TransferKeypointsStreamResponse answer;
  while (true) {  // the gate closes soon
    stream->Write(Pair("late", 25));
    ASSERT_TRUE(stream->Read(&answer));
    if (answer.error().code() == grpc::StatusCode::UNAVAILABLE) break;
  }
  EXPECT_EQ(answer.id(), "late");
  scheduler_->AnswerNext();
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.id(), "early");
  EXPECT_TRUE(answer.has_response());
  shutdown.join();
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_FALSE(stream->Finish().ok());
}

// Cancels at every moment of a stream's life. (A use after free shows under the sanitizers.)
TEST_F(TransferStreamTest, SurvivesCancellationAtAnyMoment) {
  constexpr int kStreams = 500;
  GrpcServerOptions options;
  options.limits.max_stream_pairs = 2;
  Start(/*at_once=*/false, options);
  std::thread engine([this] { scheduler_->AnswerAll(); });
  std::mt19937 random(1);
  for (int i = 0; i < kStreams; ++i) {
    grpc::ClientContext context;
    const auto stream = stub_->TransferKeypointsStream(&context);
    std::thread canceller([&context, delay = random() % 3000] {
      absl::SleepFor(absl::Microseconds(delay));
      context.TryCancel();
    });
    std::thread sender([&stream] {
      for (int pair = 0; pair < 5; ++pair) stream->Write(Pair("x", 1));
      stream->WritesDone();
    });
    v1::TransferKeypointsStreamResponse answer;
    while (stream->Read(&answer)) {
    }
    sender.join();
    const grpc::StatusCode code = stream->Finish().error_code();
    EXPECT_TRUE(code == grpc::StatusCode::OK || code == grpc::StatusCode::CANCELLED) << code;
    canceller.join();
  }
  Stop();
  scheduler_->Close();
  engine.join();
  EXPECT_EQ(scheduler_.use_count(), 1);  // no pair is left behind
}

}  // namespace
}  // namespace nemf
