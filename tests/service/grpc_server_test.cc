#include "server/service/grpc_server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "nemf/v1/correspondence.grpc.pb.h"
#include "server/service/rpc/rpc_context.h"
#include "tests/service/puppet_server.h"
#include "tests/testing/fake_clock.h"

namespace nemf {
namespace {

using testing::GreyImage;
using ::testing::HasSubstr;
using testing::PuppetServerTest;

v1::TransferKeypointsRequest TransferRequest() {
  v1::TransferKeypointsRequest request;
  *request.mutable_query() = GreyImage(20, 10);
  *request.mutable_reference() = GreyImage(30, 40);
  for (const float x : {0.0f, 3.5f, 19.0f}) request.add_keypoints()->set_x(x);
  return request;
}

v1::ComputeFlowRequest FlowRequest(int width, int height) {
  v1::ComputeFlowRequest request;
  *request.mutable_query() = GreyImage(width, height);
  *request.mutable_reference() = GreyImage(30, 40);
  return request;
}

class GrpcServerTest : public PuppetServerTest {
 protected:
  absl::StatusOr<ServedModel> Find(const std::string& name, const std::string& version) override {
    if (name == "other") return absl::NotFoundError("model \"other\" is not served");
    return ServedModel{.name = "puppet",
                       .version = version.empty() ? "3" : version,
                       .device = "cpu",
                       .scheduler = scheduler_};
  }

  grpc::Status Transfer(const v1::TransferKeypointsRequest& request) {
    grpc::ClientContext context;
    v1::TransferKeypointsResponse response;
    return stub_->TransferKeypoints(&context, request, &response);
  }
};

TEST_F(GrpcServerTest, TransfersKeypoints) {
  Start(/*at_once=*/true);
  grpc::ClientContext context;
  v1::TransferKeypointsResponse response;
  const grpc::Status status = stub_->TransferKeypoints(&context, TransferRequest(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.matches_size(), 3);
  EXPECT_EQ(response.matches(1).query().x(), 3.5f);
  EXPECT_EQ(response.matches(1).reference().x(), 4.5f);
  EXPECT_EQ(response.matches(1).reference().y(), 2.0f);
  EXPECT_EQ(response.matches(1).score(), 3.5f);
  EXPECT_NEAR(response.matches(1).confidence(), 0.970688f, 1e-6);
  EXPECT_EQ(response.statistics().model_name(), "puppet");
  EXPECT_EQ(response.statistics().model_version(), "3");
  EXPECT_EQ(response.statistics().device(), "cpu");
  EXPECT_EQ(response.statistics().field_queries(), 7);

  ASSERT_EQ(Records().size(), 1);
  EXPECT_EQ(Records()[0].method, "TransferKeypoints");
  EXPECT_EQ(Records()[0].cost.model, "puppet/3");
  EXPECT_TRUE(Records()[0].status.ok());
}

TEST_F(GrpcServerTest, StreamsTheFlow) {
  Start(/*at_once=*/true);
  constexpr int kWidth = 641;
  constexpr int kHeight = 479;
  v1::ComputeFlowRequest request = FlowRequest(kWidth, kHeight);
  request.set_with_confidence(true);
  grpc::ClientContext context;
  const auto reader = stub_->ComputeFlow(&context, request);

  v1::ComputeFlowResponse message;
  ASSERT_TRUE(reader->Read(&message));
  ASSERT_TRUE(message.has_header());
  EXPECT_EQ(message.header().width(), kWidth);
  EXPECT_EQ(message.header().height(), kHeight);
  EXPECT_EQ(message.header().reference_width(), 30);
  EXPECT_EQ(message.header().reference_height(), 40);
  std::uint32_t row = 0;
  int chunks = 0;
  while (reader->Read(&message) && message.has_chunk()) {
    EXPECT_EQ(message.chunk().first_row(), row);
    EXPECT_LE(message.ByteSizeLong(), 1 << 20);
    float flow[2];
    std::memcpy(flow, message.chunk().flow().data(), sizeof flow);
    EXPECT_EQ(flow[0], 1);
    EXPECT_EQ(flow[1], 2);
    EXPECT_EQ(message.chunk().confidence().size(), message.chunk().rows() * kWidth * 4);
    row += message.chunk().rows();
    ++chunks;
  }
  EXPECT_EQ(row, kHeight);
  EXPECT_GT(chunks, 1);
  ASSERT_TRUE(message.has_trailer());
  EXPECT_EQ(message.trailer().statistics().model_name(), "puppet");
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(GrpcServerTest, SaysWhatIsWrongAndGoesOn) {
  Start(/*at_once=*/true);
  v1::TransferKeypointsRequest request = TransferRequest();
  request.mutable_query()->set_encoded("hello");
  grpc::Status status = Transfer(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("query.encoded = 5 bytes"));

  request = TransferRequest();
  request.mutable_keypoints(1)->set_y(10);
  status = Transfer(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "keypoints[1].y = 10, must be >= 0 and <= 9 (query height - 1)");

  request = TransferRequest();
  request.mutable_model()->set_name("other");
  status = Transfer(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);

  EXPECT_TRUE(Transfer(TransferRequest()).ok());
  EXPECT_EQ(Records().size(), 4);
}

TEST_F(GrpcServerTest, PassesOnTheSchedulersErrors) {
  Start(/*at_once=*/false);
  scheduler_->RefuseWith(absl::ResourceExhaustedError("the queue is full"));
  grpc::Status status = Transfer(TransferRequest());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "the queue is full");

  scheduler_->RefuseWith(absl::OkStatus());
  std::thread engine([this] { scheduler_->FailNext(absl::InternalError("broken device")); });
  status = Transfer(TransferRequest());
  engine.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "broken device");
}

TEST_F(GrpcServerTest, ReturnsTheRequestId) {
  Start(/*at_once=*/true);
  const auto id_for = [this](const std::string& sent) {
    grpc::ClientContext context;
    if (!sent.empty()) context.AddMetadata(kRequestIdKey, sent);
    v1::TransferKeypointsResponse response;
    EXPECT_TRUE(stub_->TransferKeypoints(&context, TransferRequest(), &response).ok());
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto entry = trailers.find(kRequestIdKey);
    return entry == trailers.end() ? "" : std::string(entry->second.data(), entry->second.size());
  };
  EXPECT_EQ(id_for("abc-123"), "abc-123");
  EXPECT_EQ(id_for("").size(), 32);
  EXPECT_NE(id_for(""), id_for(""));
  EXPECT_EQ(id_for("two words").size(), 32);
  EXPECT_EQ(id_for(std::string(129, 'a')).size(), 32);
}

TEST_F(GrpcServerTest, CancelsTheJobOfAClientThatLeaves) {
  Start(/*at_once=*/false);
  grpc::ClientContext context;
  const auto reader = stub_->ComputeFlow(&context, FlowRequest(5, 5));
  scheduler_->AwaitWaiting(1);
  context.TryCancel();
  scheduler_->AnswerNext(absl::InfiniteDuration());  // returns once the job is cancelled
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  Stop();
  ASSERT_EQ(Records().size(), 1);
  EXPECT_TRUE(absl::IsCancelled(Records()[0].status));
}

// gRPC cancels a call at its deadline; the record has the better code.
TEST_F(GrpcServerTest, CallsAMissedDeadlineByItsName) {
  FakeClock clock;
  Start(/*at_once=*/false, {}, &clock);
  grpc::ClientContext context;
  const auto deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
  context.set_deadline(deadline);
  const auto reader = stub_->ComputeFlow(&context, FlowRequest(5, 5));
  scheduler_->AwaitWaiting(1);
  clock.Advance(absl::FromChrono(deadline) + absl::Hours(1) - clock.Now());
  context.TryCancel();
  EXPECT_TRUE(scheduler_->AnswerNext(absl::InfiniteDuration()));
  EXPECT_FALSE(reader->Finish().ok());
  Stop();
  ASSERT_EQ(Records().size(), 1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Records()[0].status));
}

TEST_F(GrpcServerTest, RefusesWhatIsLateBeforeItIsDecoded) {
  FakeClock clock;
  Start(/*at_once=*/true, {}, &clock);
  grpc::ClientContext context;
  const auto deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
  context.set_deadline(deadline);
  // The server's copy of a deadline is rounded.
  clock.Advance(absl::FromChrono(deadline) + absl::Hours(1) - clock.Now());
  v1::TransferKeypointsResponse response;
  EXPECT_EQ(stub_->TransferKeypoints(&context, TransferRequest(), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(scheduler_->submitted(), 0);
}

// Cancels at every moment of a call's life, and checks that each call is accounted for. (A use
// after free shows under the address and thread sanitizers.)
TEST_F(GrpcServerTest, SurvivesCancellationAtAnyMoment) {
  constexpr int kCalls = 1500;
  Start(/*at_once=*/false);
  std::thread engine([this] { scheduler_->AnswerAll(); });
  std::mt19937 random(1);
  for (int i = 0; i < kCalls; ++i) {
    grpc::ClientContext context;
    v1::ComputeFlowRequest request = FlowRequest(i % 50 == 0 ? 700 : 3, i % 50 == 0 ? 500 : 3);
    const auto reader = stub_->ComputeFlow(&context, request);
    std::thread canceller([&context, delay = random() % 1500] {
      absl::SleepFor(absl::Microseconds(delay));
      context.TryCancel();
    });
    v1::ComputeFlowResponse message;
    while (reader->Read(&message)) {
    }
    const grpc::StatusCode code = reader->Finish().error_code();
    EXPECT_TRUE(code == grpc::StatusCode::OK || code == grpc::StatusCode::CANCELLED) << code;
    canceller.join();
  }
  Stop();
  scheduler_->Close();
  engine.join();
  EXPECT_EQ(scheduler_.use_count(), 1);  // no call is left behind
}

TEST_F(GrpcServerTest, ShutdownLetsCallsInFlightFinish) {
  Start(/*at_once=*/false);
  grpc::Status in_flight;
  std::thread client([this, &in_flight] { in_flight = Transfer(TransferRequest()); });
  scheduler_->AwaitWaiting(1);
  std::thread shutdown([this] { server_->Shutdown(absl::InfiniteDuration()); });
  // New calls are refused as soon as the gate is closed; before, this one is invalid.
  v1::TransferKeypointsRequest invalid = TransferRequest();
  invalid.clear_keypoints();
  while (Transfer(invalid).error_code() != grpc::StatusCode::UNAVAILABLE) {
  }
  scheduler_->AnswerNext();
  client.join();
  shutdown.join();
  server_ = nullptr;
  EXPECT_TRUE(in_flight.ok()) << in_flight.error_message();
}

TEST_F(GrpcServerTest, ShutdownCancelsWhatOutlastsItsPatience) {
  Start(/*at_once=*/false);
  grpc::Status in_flight;
  std::thread client([this, &in_flight] { in_flight = Transfer(TransferRequest()); });
  scheduler_->AwaitWaiting(1);
  std::thread engine([this] { scheduler_->AnswerNext(absl::InfiniteDuration()); });
  server_->Shutdown(absl::ZeroDuration());
  server_ = nullptr;
  client.join();
  engine.join();
  EXPECT_FALSE(in_flight.ok());
}

TEST_F(GrpcServerTest, RefusesMessagesOverTheLimit) {
  Start(/*at_once=*/true, {.max_message_bytes = 2000});
  v1::TransferKeypointsRequest request = TransferRequest();
  EXPECT_TRUE(Transfer(request).ok());
  *request.mutable_query() = GreyImage(100, 100);
  EXPECT_EQ(Transfer(request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Transfer(TransferRequest()).ok());
}

TEST_F(GrpcServerTest, NamesAPortThatIsTaken) {
  Start(/*at_once=*/true);
  const auto second = GrpcServer::Start({.listen = server_->address()}, nullptr, nullptr, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("cannot listen on ", server_->address().ToString())));
}

TEST(GrpcServerOptionsTest, NamesTheBrokenRule) {
  EXPECT_TRUE(GrpcServerOptions().Validate().ok());
  for (const HostPort& listen : {HostPort{"", 1}, HostPort{"a", -1}, HostPort{"a", 65'536}}) {
    EXPECT_EQ(
        GrpcServerOptions{.listen = listen}.Validate().message(),
        absl::StrCat("GrpcServerOptions.listen = \"", listen.ToString(), "\", must be HOST:PORT"));
  }
  EXPECT_EQ(GrpcServerOptions{.max_message_bytes = 1}.Validate().message(),
            "GrpcServerOptions.max_message_bytes = 1, must be >= 1024");
  GrpcServerOptions options;
  options.limits.max_keypoints = 0;
  EXPECT_EQ(options.Validate().message(), "RequestLimits.max_keypoints = 0, must be >= 1");
}

}  // namespace
}  // namespace nemf
