// What the service passes on to the scheduler of a call, and to its client of a refusal.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "nemf/v1/correspondence.grpc.pb.h"
#include "server/scheduling/retry_pushback.h"
#include "tests/service/puppet_server.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;

template <typename Request>
Request SmallRequest() {
  Request request;
  for (v1::Image* image : {request.mutable_query(), request.mutable_reference()}) {
    image->mutable_raw()->set_format(v1::RawImage::GRAY8);
    image->mutable_raw()->set_width(4);
    image->mutable_raw()->set_height(3);
    image->mutable_raw()->set_data(std::string(12, 'x'));
  }
  return request;
}

class AdmissionTest : public testing::PuppetServerTest {
 protected:
  void Start(bool trust_priority) {
    GrpcServerOptions options;
    options.trust_priority = trust_priority;
    PuppetServerTest::Start(/*at_once=*/true, options);
  }

  grpc::Status Transfer(grpc::ClientContext* context) {
    auto request = SmallRequest<v1::TransferKeypointsRequest>();
    request.add_keypoints()->set_x(1);
    v1::TransferKeypointsResponse response;
    return stub_->TransferKeypoints(context, request, &response);
  }
  grpc::Status Flow(grpc::ClientContext* context) {
    auto reader = stub_->ComputeFlow(context, SmallRequest<v1::ComputeFlowRequest>());
    v1::ComputeFlowResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish();
  }

  // The trailer with the push-back; empty where there is none.
  static std::string Pushback(const grpc::ClientContext& context) {
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto found = trailers.find("grpc-retry-pushback-ms");
    if (found == trailers.end()) return "";
    return std::string(found->second.data(), found->second.size());
  }
};

TEST_F(AdmissionTest, KeypointsGoBeforeFlows) {
  Start(/*trust_priority=*/false);
  grpc::ClientContext transfer;
  ASSERT_TRUE(Transfer(&transfer).ok());
  EXPECT_EQ(scheduler_->reserved().priority, Priority::kNormal);
  grpc::ClientContext flow;
  ASSERT_TRUE(Flow(&flow).ok());
  EXPECT_EQ(scheduler_->reserved().priority, Priority::kLow);
}

TEST_F(AdmissionTest, ATrustedHeaderSetsThePriority) {
  Start(/*trust_priority=*/true);
  const std::map<std::string, Priority> values = {
      {"low", Priority::kLow}, {"normal", Priority::kNormal}, {"high", Priority::kHigh}};
  for (const auto& [value, priority] : values) {
    grpc::ClientContext transfer;
    transfer.AddMetadata("x-nemf-priority", value);
    ASSERT_TRUE(Transfer(&transfer).ok());
    EXPECT_EQ(scheduler_->reserved().priority, priority) << value;
    grpc::ClientContext flow;
    flow.AddMetadata("x-nemf-priority", value);
    ASSERT_TRUE(Flow(&flow).ok());
    EXPECT_EQ(scheduler_->reserved().priority, priority) << value;
  }
  grpc::ClientContext wrong;
  wrong.AddMetadata("x-nemf-priority", "urgent");
  const grpc::Status status = Transfer(&wrong);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("x-nemf-priority = \"urgent\", must be low, "));
}

TEST_F(AdmissionTest, OtherwiseTheHeaderIsNotLookedAt) {
  Start(/*trust_priority=*/false);
  for (const char* value : {"high", "urgent"}) {
    grpc::ClientContext context;
    context.AddMetadata("x-nemf-priority", value);
    EXPECT_TRUE(Transfer(&context).ok());
    EXPECT_EQ(scheduler_->reserved().priority, Priority::kNormal);
  }
}

TEST_F(AdmissionTest, JobsBelongToTheirClient) {
  Start(/*trust_priority=*/false);
  grpc::ClientContext context;
  ASSERT_TRUE(Transfer(&context).ok());
  EXPECT_FALSE(scheduler_->reserved().client.empty());
}

TEST_F(AdmissionTest, ARefusalSaysWhenToTryAgain) {
  Start(/*trust_priority=*/false);
  const absl::Status full = absl::ResourceExhaustedError("full");
  const std::pair<absl::Status, std::string> cases[] = {
      {WithRetryAfter(full, absl::Milliseconds(1234)), "1234"},
      {WithoutRetry(full), "-1"},
      {full, ""},
  };
  for (const auto& [refusal, pushback] : cases) {
    scheduler_->RefuseWith(refusal);
    grpc::ClientContext transfer;
    EXPECT_EQ(Transfer(&transfer).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(Pushback(transfer), pushback);
    grpc::ClientContext flow;
    EXPECT_EQ(Flow(&flow).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(Pushback(flow), pushback);
  }
}

TEST_F(AdmissionTest, WhatIsRefusedIsNotDecoded) {
  Start(/*trust_priority=*/false);
  scheduler_->RefuseWith(
      WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(1234)));
  grpc::ClientContext refused;
  EXPECT_EQ(Transfer(&refused).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Pushback(refused), "1234");
  EXPECT_EQ(scheduler_->submitted(), 0);
  scheduler_->RefuseWith(absl::OkStatus());
  grpc::ClientContext accepted;
  EXPECT_TRUE(Transfer(&accepted).ok());
  EXPECT_EQ(scheduler_->reserved_digest(), scheduler_->submitted_digest());
}

TEST_F(AdmissionTest, ARequestStatesAllThatItHolds) {
  Start(/*trust_priority=*/false);
  grpc::ClientContext transfer;
  ASSERT_TRUE(Transfer(&transfer).ok());
  JobRequest request = scheduler_->reserved();
  EXPECT_EQ(request.query.width, 4);
  EXPECT_EQ(request.query.height, 3);
  EXPECT_EQ(request.reference.width, 4);
  EXPECT_EQ(request.other_bytes, 2 * 12);  // the message's images
  EXPECT_EQ(std::get<KeypointsSpec>(request.spec).keypoints.size(), 1);

  auto flow = SmallRequest<v1::ComputeFlowRequest>();
  for (const std::uint32_t iteration : {0, 1, 2}) flow.add_preview_iterations(iteration);
  grpc::ClientContext context;
  const auto reader = stub_->ComputeFlow(&context, flow);
  v1::ComputeFlowResponse response;
  while (reader->Read(&response)) {
  }
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_EQ(scheduler_->reserved().other_bytes, 2 * 12 + 3 * 12 * static_cast<int>(sizeof(Point)));
}

TEST_F(AdmissionTest, ARefusedPairOfAStreamSaysWhenToTryAgain) {
  Start(/*trust_priority=*/false);
  scheduler_->RefuseWith(
      WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(1234)));
  grpc::ClientContext context;
  auto stream = stub_->TransferKeypointsStream(&context);
  v1::TransferKeypointsStreamRequest request;
  *request.mutable_request() = SmallRequest<v1::TransferKeypointsRequest>();
  request.mutable_request()->add_keypoints()->set_x(1);
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  v1::TransferKeypointsStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.error().retry_pushback_ms(), 1234);
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace nemf
