// Previews of a flow, through a socket, from a scheduler that is a puppet.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>

#include "tests/service/puppet_server.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using testing::GreyImage;
using testing::OneKeypoint;

v1::ComputeFlowRequest Request(int width, int height, const std::vector<int>& iterations) {
  v1::ComputeFlowRequest request;
  *request.mutable_query() = GreyImage(width, height);
  *request.mutable_reference() = GreyImage(30, 40);
  for (const int each : iterations) request.add_preview_iterations(each);
  return request;
}

// Every pixel's match is (iteration, 0).
FlowSnapshot Snapshot(int iteration, int width, int height) {
  return {iteration,
          std::vector<Point>(std::size_t{1} * width * height, {static_cast<float>(iteration), 0})};
}

// The first displacement of a chunk.
float FirstX(const v1::FlowChunk& chunk) {
  float x = 0;
  std::memcpy(&x, chunk.flow().data(), sizeof x);
  return x;
}

class FlowPreviewsTest : public testing::PuppetServerTest {
 protected:
  using Reader = grpc::ClientReader<v1::ComputeFlowResponse>;

  // Reads to the end of the stream and returns the iterations of the whole previews, in their
  // order; checks all that a stream must be.
  static std::vector<int> ReadPreviews(Reader* reader, int height) {
    std::vector<int> iterations;
    std::string order;
    std::uint32_t rows = 0;
    v1::ComputeFlowResponse message;
    while (reader->Read(&message)) {
      EXPECT_LE(message.ByteSizeLong(), 1 << 20);
      order += message.has_header()    ? 'h'
               : message.has_preview() ? 'p'
               : message.has_chunk()   ? 'c'
                                       : 't';
      if (!message.has_preview()) continue;
      const v1::FlowPreviewChunk& preview = message.preview();
      EXPECT_EQ(preview.chunk().first_row(), rows);
      EXPECT_TRUE(preview.chunk().confidence().empty());
      EXPECT_EQ(FirstX(preview.chunk()), preview.iteration());
      rows += preview.chunk().rows();
      if (rows == static_cast<std::uint32_t>(height)) {
        iterations.push_back(static_cast<int>(preview.iteration()));
        rows = 0;
      }
    }
    EXPECT_EQ(rows, 0) << "a preview is not complete";
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end(), [](char a, char b) {
      const std::string all = "hpct";
      return all.find(a) < all.find(b);
    })) << order;
    EXPECT_EQ(std::count(order.begin(), order.end(), 'h'), 1);
    EXPECT_EQ(std::count(order.begin(), order.end(), 't'), 1);
    return iterations;
  }
};

TEST_F(FlowPreviewsTest, ComeBeforeTheFlow) {
  Start(/*at_once=*/false);
  grpc::ClientContext context;
  v1::ComputeFlowRequest request = Request(641, 479, {0, 2, 7});
  request.set_with_confidence(true);
  const auto reader = stub_->ComputeFlow(&context, request);
  EXPECT_THAT(std::get<FlowSpec>(scheduler_->AwaitJob().request.spec).snapshots,
              ElementsAre(0, 2, 7));
  // The first one is there while the flow is still being computed.
  scheduler_->SendSnapshot(Snapshot(0, 641, 479));
  v1::ComputeFlowResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_EQ(message.header().width(), 641);
  std::uint32_t rows = 0;
  while (rows < 479) {
    ASSERT_TRUE(reader->Read(&message));
    ASSERT_TRUE(message.has_preview());
    rows += message.preview().chunk().rows();
  }
  scheduler_->SendSnapshot(Snapshot(2, 641, 479));
  scheduler_->AnswerNext();
  std::string order;
  while (reader->Read(&message))
    order += message.has_preview() ? 'p' : message.has_chunk() ? 'c' : 't';
  EXPECT_EQ(order.front(), 'p');
  EXPECT_EQ(order.back(), 't');
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(FlowPreviewsTest, AStalledReaderStallsOnlyItself) {
  constexpr int kWidth = 700;
  constexpr int kHeight = 500;
  constexpr int kPreviews = 20;
  GrpcServerOptions options;
  options.limits.max_preview_bytes = 2 * kWidth * kHeight * sizeof(Point);
  Start(/*at_once=*/false, options);
  std::vector<int> all;
  for (int i = 1; i <= kPreviews; ++i) all.push_back(i);
  grpc::ClientContext context;
  const auto reader = stub_->ComputeFlow(&context, Request(kWidth, kHeight, all));
  scheduler_->AwaitJob();
  for (const int i : all) scheduler_->SendSnapshot(Snapshot(i, kWidth, kHeight));
  scheduler_->AnswerNext();
  // Nothing was read; another client is served.
  std::thread engine([this] { scheduler_->AnswerNext(); });
  grpc::ClientContext other;
  v1::TransferKeypointsResponse response;
  EXPECT_TRUE(stub_->TransferKeypoints(&other, OneKeypoint(), &response).ok());
  engine.join();
  // What was written meanwhile filled the connection's window; then the newest two were kept.
  const std::vector<int> came = ReadPreviews(reader.get(), kHeight);
  EXPECT_TRUE(reader->Finish().ok());
  ASSERT_GE(came.size(), 2);
  EXPECT_LT(came.size(), kPreviews);
  EXPECT_EQ(came[came.size() - 1], kPreviews);
  EXPECT_EQ(came[came.size() - 2], kPreviews - 1);
  EXPECT_TRUE(std::is_sorted(came.begin(), came.end()));
}

TEST_F(FlowPreviewsTest, AFailureAfterAPreviewEndsTheStream) {
  Start(/*at_once=*/false);
  grpc::ClientContext context;
  const auto reader = stub_->ComputeFlow(&context, Request(5, 5, {0, 1}));
  scheduler_->AwaitJob();
  scheduler_->SendSnapshot(Snapshot(0, 5, 5));
  v1::ComputeFlowResponse message;
  ASSERT_TRUE(reader->Read(&message));
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_TRUE(message.has_preview());
  scheduler_->FailNext(absl::InternalError("broken device"));
  EXPECT_FALSE(reader->Read(&message));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "broken device");
}

TEST_F(FlowPreviewsTest, RefusesWhatIsNoAscendingList) {
  Start(/*at_once=*/true);
  const auto error = [this](const std::vector<int>& iterations) {
    grpc::ClientContext context;
    const auto reader = stub_->ComputeFlow(&context, Request(5, 5, iterations));
    const grpc::Status status = reader->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  };
  EXPECT_EQ(error({0, 3, 3}), "preview_iterations[2] = 3, must be > 3, the one before it");
  EXPECT_EQ(error({1001}), "preview_iterations[0] = 1001, must be <= 1000");
  EXPECT_EQ(error(std::vector<int>(33, 1)), "preview_iterations = 33 iterations, must be <= 32");
}

// Cancels at every moment, while previews and answers come. (A use after free shows under the
// address and thread sanitizers.)
TEST_F(FlowPreviewsTest, SurviveCancellationAtAnyMoment) {
  constexpr int kCalls = 600;
  Start(/*at_once=*/false);
  std::thread engine([this] {
    scheduler_->AnswerAll([](const testing::PuppetJob& job) {
      const ImageSize size = job.pair.query->size;
      for (const int i : std::get<FlowSpec>(job.request.spec).snapshots) {
        job.sink->OnSnapshot(Snapshot(i, size.width, size.height));
      }
    });
  });
  std::mt19937 random(1);
  for (int i = 0; i < kCalls; ++i) {
    grpc::ClientContext context;
    const int side = i % 50 == 0 ? 600 : 3;
    const auto reader = stub_->ComputeFlow(&context, Request(side, side, {0, 1, 2, 5}));
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

}  // namespace
}  // namespace nemf
