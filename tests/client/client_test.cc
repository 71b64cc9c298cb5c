#include "nemf/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "client/nemf/channel.h"
#include "tests/client/fake_server.h"

namespace nemf::client {
namespace {

using ::nemf::testing::Chunk;
using ::nemf::testing::FakeHandlers;
using ::nemf::testing::FakeServer;
using ::nemf::testing::FlowWriter;
using ::nemf::testing::Header;
using ::nemf::testing::InHalves;
using ::nemf::testing::ShiftBy;
using ::nemf::testing::Trailer;
using ::nemf::testing::WriteMessages;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::chrono::milliseconds kAmple{30'000};

Client Connect(const std::string& target, std::chrono::milliseconds timeout = kAmple,
               int max_attempts = 1) {
  ClientOptions options;
  options.target = target;
  options.timeout = timeout;
  options.max_attempts = max_attempts;
  return Client::Connect(options).value();
}

KeypointRequest SomeKeypoints() {
  KeypointRequest request;
  request.query = EncodedImage{"query bytes"};
  request.reference = EncodedImage{"reference bytes"};
  request.keypoints = {{1, 2}, {3.5f, 4.25f}};
  return request;
}

TEST(ClientOptionsTest, NamesTheBrokenRule) {
  ClientOptions options;
  EXPECT_TRUE(options.Validate().ok());
  options.target = "";
  EXPECT_THAT(Client::Connect(options).status().message(), HasSubstr("ClientOptions.target is"));
  options = {.timeout = std::chrono::milliseconds(-1)};
  EXPECT_THAT(options.Validate().message(), HasSubstr("timeout = -1 ms, must be >= 0"));
  options = {.max_message_bytes = 100};
  EXPECT_THAT(options.Validate().message(), HasSubstr("max_message_bytes = 100, must be"));
  for (const int attempts : {0, 6}) {
    options = {.max_attempts = attempts};
    EXPECT_THAT(options.Validate().message(), HasSubstr("must be 1 to 5"));
  }
}

TEST(ClientTest, TellsWhenToComeAgain) {
  const auto refuse = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
  };
  const FakeServer busy({.transfer = refuse, .retry_pushback_ms = 70});
  const Status refused = Connect(busy.target()).TransferKeypoints(SomeKeypoints()).status();
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_EQ(refused.retry_pushback(), std::chrono::milliseconds(70));

  const FakeServer hopeless({.transfer = refuse, .retry_pushback_ms = -1});
  EXPECT_EQ(Connect(hopeless.target()).TransferKeypoints(SomeKeypoints()).status().retry_pushback(),
            std::chrono::milliseconds(-1));

  const FakeServer silent({.transfer = refuse});
  EXPECT_FALSE(
      Connect(silent.target()).TransferKeypoints(SomeKeypoints()).status().retry_pushback());
}

TEST(ServiceConfigTest, OneAttemptMeansNoPolicy) {
  EXPECT_EQ(ServiceConfig(1), "{}");
  EXPECT_THAT(ServiceConfig(3), HasSubstr("\"maxAttempts\": 3"));
}

TEST(ClientTest, TransfersKeypoints) {
  const FakeServer server({.transfer = ShiftBy(10, -1)});
  const Result<KeypointResponse> response =
      Connect(server.target()).TransferKeypoints(SomeKeypoints());
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  ASSERT_EQ(response->matches.size(), 2u);
  EXPECT_EQ(response->matches[1].query.x, 3.5f);
  EXPECT_EQ(response->matches[1].reference.x, 13.5f);
  EXPECT_EQ(response->matches[1].reference.y, 3.25f);
  EXPECT_EQ(response->matches[1].confidence, 0.5f);
  EXPECT_TRUE(response->matches[1].in_bounds);
  EXPECT_EQ(response->statistics.model_version, "7");
  EXPECT_EQ(response->statistics.match_seconds, 1.5);
}

TEST(ClientTest, SendsTheWholeRequest) {
  v1::TransferKeypointsRequest seen;
  const FakeServer server({.transfer = [&seen](const auto& request, auto*) {
    seen = request;
    return grpc::Status::OK;
  }});
  KeypointRequest request = SomeKeypoints();
  request.reference = RawImage{PixelFormat::kGray8, 3, 2, 4, "12345678"};
  request.options = {.preset = Preset::kFast,
                     .refinement = Refinement::kPatchMatch,
                     .seed = 1ull << 63,
                     .patchmatch_iterations = 0,
                     .search_radius = 0.5f,
                     .optimize_steps = 7,
                     .lattice_stride = 2,
                     .upsample_candidates = 0,
                     .search_candidates = 4,
                     .search_decay = 0.75f};
  request.model = {"small", "2"};
  ASSERT_TRUE(Connect(server.target()).TransferKeypoints(request).ok());
  EXPECT_EQ(seen.query().encoded(), "query bytes");
  EXPECT_EQ(seen.reference().raw().format(), v1::RawImage::GRAY8);
  EXPECT_EQ(seen.reference().raw().width(), 3u);
  EXPECT_EQ(seen.reference().raw().height(), 2u);
  EXPECT_EQ(seen.reference().raw().stride(), 4u);
  EXPECT_EQ(seen.reference().raw().data(), "12345678");
  EXPECT_EQ(seen.options().preset(), v1::FAST);
  EXPECT_EQ(seen.options().refinement(), v1::PATCHMATCH);
  EXPECT_EQ(seen.options().seed(), 1ull << 63);
  EXPECT_TRUE(seen.options().has_patchmatch_iterations());
  EXPECT_EQ(seen.options().patchmatch_iterations(), 0u);
  EXPECT_EQ(seen.options().search_radius(), 0.5f);
  EXPECT_EQ(seen.options().optimize_steps(), 7u);
  EXPECT_EQ(seen.options().lattice_stride(), 2u);
  EXPECT_TRUE(seen.options().has_upsample_candidates());
  EXPECT_EQ(seen.options().upsample_candidates(), 0u);
  EXPECT_EQ(seen.options().search_candidates(), 4u);
  EXPECT_EQ(seen.options().search_decay(), 0.75f);
  EXPECT_EQ(seen.model().name(), "small");
  EXPECT_EQ(seen.model().version(), "2");
}

TEST(ClientTest, LeavesUnsetOptionsToTheServer) {
  v1::TransferKeypointsRequest seen;
  const FakeServer server({.transfer = [&seen](const auto& request, auto*) {
    seen = request;
    return grpc::Status::OK;
  }});
  ASSERT_TRUE(Connect(server.target()).TransferKeypoints(SomeKeypoints()).ok());
  EXPECT_EQ(seen.options().preset(), v1::PRESET_UNSPECIFIED);
  EXPECT_EQ(seen.options().refinement(), v1::REFINEMENT_UNSPECIFIED);
  EXPECT_FALSE(seen.options().has_patchmatch_iterations());
  EXPECT_FALSE(seen.options().has_search_radius());
  EXPECT_FALSE(seen.options().has_optimize_steps());
  EXPECT_FALSE(seen.options().has_lattice_stride());
  EXPECT_FALSE(seen.options().has_upsample_candidates());
  EXPECT_FALSE(seen.options().has_search_candidates());
  EXPECT_FALSE(seen.options().has_search_decay());
}

TEST(ClientTest, PassesTheServersErrorsOn) {
  for (const int code : {3, 5, 8, 12, 13, 16}) {
    const FakeServer server({.transfer = [code](const auto&, auto*) {
      return grpc::Status(static_cast<grpc::StatusCode>(code), "keypoints is empty");
    }});
    const Status status = Connect(server.target()).TransferKeypoints(SomeKeypoints()).status();
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_EQ(status.message(), "keypoints is empty");
  }
}

TEST(ClientTest, GivesUpAtTheDeadline) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  const FakeServer server({.transfer = [released](const auto&, auto*) {
    released.wait();
    return grpc::Status::OK;
  }});
  const Client client = Connect(server.target(), std::chrono::milliseconds(100));
  const Status status = client.TransferKeypoints(SomeKeypoints()).status();
  release.set_value();
  EXPECT_EQ(status.code(), Code::kDeadlineExceeded);
}

// The request is larger than what gRPC keeps for retries by default.
TEST(ClientTest, TriesAgainWhileUnavailable) {
  std::atomic<int> calls = 0;
  const FakeServer server({.transfer = [&calls](const auto& request, auto* response) {
    if (++calls < 3) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "starting");
    return ShiftBy(1, 1)(request, response);
  }});
  KeypointRequest request = SomeKeypoints();
  request.query = EncodedImage{std::string(1 << 20, 'q')};
  const Result<KeypointResponse> response =
      Connect(server.target(), kAmple, 4).TransferKeypoints(request);
  EXPECT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ(calls, 3);
}

TEST(ClientTest, TriesOnceWhenToldTo) {
  std::atomic<int> calls = 0;
  const FakeServer server({.transfer = [&calls](const auto&, auto*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "starting");
  }});
  const Status status =
      Connect(server.target(), kAmple, 1).TransferKeypoints(SomeKeypoints()).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(calls, 1);
}

TEST(ClientTest, DoesNotRepeatARefusedRequest) {
  std::atomic<int> calls = 0;
  const FakeServer server({.transfer = [&calls](const auto&, auto*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no");
  }});
  EXPECT_FALSE(Connect(server.target(), kAmple, 4).TransferKeypoints(SomeKeypoints()).ok());
  EXPECT_EQ(calls, 1);
}

TEST(ClientTest, ReportsAServerThatIsNotThere) {
  std::string target;
  {
    const FakeServer server({});
    target = server.target();
  }
  EXPECT_EQ(Connect(target).TransferKeypoints(SomeKeypoints()).status().code(), Code::kUnavailable);
  EXPECT_EQ(Connect(target).ComputeFlow({}).status().code(), Code::kUnavailable);
  EXPECT_EQ(Connect(target).Health().status().code(), Code::kUnavailable);
}

TEST(ClientTest, AssemblesAFlow) {
  const FakeServer server(
      {.flow = WriteMessages({Header(3, 5), Chunk(3, 0, 2), Chunk(3, 2, 3), Trailer()})});
  std::vector<int> first_rows;
  const Result<FlowResponse> response =
      Connect(server.target()).ComputeFlow({}, [&first_rows](const FlowBand& band) {
        first_rows.push_back(band.first_row);
        return true;
      });
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ(response->field.width, 3);
  EXPECT_EQ(response->field.height, 5);
  EXPECT_EQ(response->field.at(2, 4).dx, 2);
  EXPECT_EQ(response->field.at(2, 4).dy, 104);
  EXPECT_EQ(response->statistics.device, "cpu");
  EXPECT_THAT(first_rows, ElementsAre(0, 2));
}

TEST(ClientTest, AsksForFloat16AndConsistency) {
  v1::ComputeFlowRequest seen;
  const FakeServer server({.flow = [&seen](const auto& request, FlowWriter* writer) {
    seen = request;
    for (const auto& message : {Header(3, 2), Chunk(3, 0, 2, false, true), Trailer()}) {
      writer->Write(InHalves(message));
    }
    return grpc::Status::OK;
  }});
  FlowRequest request;
  request.type = FlowType::kFloat16;
  request.with_consistency = true;
  const Result<FlowResponse> response = Connect(server.target()).ComputeFlow(request);
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ(seen.type(), v1::FLOAT16);
  EXPECT_TRUE(seen.with_consistency());
  EXPECT_EQ(response->field.at(2, 1).dy, 101);
  EXPECT_EQ(response->field.consistency[5], 2);
}

TEST(ClientTest, NoticesABrokenFlow) {
  const FakeServer server({.flow = WriteMessages({Header(3, 5), Chunk(3, 0, 2)})});
  const Status status = Connect(server.target()).ComputeFlow({}).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("after 2 of 5 rows"));
}

TEST(ClientTest, PrefersTheServersErrorToTheHalfFlow) {
  const FakeServer server({.flow = [](const auto&, FlowWriter* writer) {
    writer->Write(Header(3, 5));
    return grpc::Status(grpc::StatusCode::INTERNAL, "device lost");
  }});
  const Status status = Connect(server.target()).ComputeFlow({}).status();
  EXPECT_EQ(status.code(), Code::kInternal);
  EXPECT_EQ(status.message(), "device lost");
}

TEST(ClientTest, StopsAFlowOnRequest) {
  const FakeServer server({.flow = WriteMessages({Header(3, 5), Chunk(3, 0, 2), Chunk(3, 2, 3)})});
  int bands = 0;
  const Status status = Connect(server.target())
                            .ComputeFlow({}, [&bands](const FlowBand&) { return ++bands < 1; })
                            .status();
  EXPECT_EQ(status.code(), Code::kCancelled);
  EXPECT_EQ(bands, 1);
}

TEST(ClientTest, ReportsHealth) {
  FakeServer server({});
  const Client client = Connect(server.target());
  EXPECT_EQ(client.Health().value(), HealthState::kServing);
  server.SetServing(false);
  EXPECT_EQ(client.Health().value(), HealthState::kNotServing);
  EXPECT_EQ(client.Health("nemf.v1.Nothing").status().code(), Code::kNotFound);
}

TEST(ClientTest, ServesManyThreads) {
  const FakeServer server({.transfer = ShiftBy(1, 0)});
  const Client client = Connect(server.target());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { good += client.TransferKeypoints(SomeKeypoints()).ok(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
}

}  // namespace
}  // namespace nemf::client
