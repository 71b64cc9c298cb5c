#include "nemf/transfer_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "nemf/client.h"
#include "tests/client/fake_server.h"

namespace nemf::client {
namespace {

using ::nemf::testing::FakeServer;
using ::nemf::testing::ShiftBy;

TransferStream Open(const std::string& target) {
  ClientOptions options;
  options.target = target;
  options.max_attempts = 1;
  return Client::Connect(options).value().OpenTransferStream();  // outlives the client
}

KeypointRequest At(float x) {
  KeypointRequest request;
  request.query = EncodedImage{"query"};
  request.reference = EncodedImage{"reference"};
  request.keypoints = {{x, 2}};
  return request;
}

TEST(TransferStreamTest, AnswersEveryPair) {
  const FakeServer server({.transfer = ShiftBy(10, -1)});
  TransferStream stream = Open(server.target());
  std::thread sender([&stream] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(stream.Send(std::to_string(i), At(static_cast<float>(i))));
    }
    stream.CloseSends();
  });
  std::set<std::string> ids;
  while (const std::optional<StreamAnswer> answer = stream.Next()) {
    ids.insert(answer->id);
    ASSERT_TRUE(answer->response.ok());
    EXPECT_EQ(answer->response.value().matches.at(0).reference.x, std::stof(answer->id) + 10);
  }
  sender.join();
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_EQ(ids.size(), 50u);
}

TEST(TransferStreamTest, PassesThePairsErrorsOn) {
  const FakeServer server({.transfer = [](const auto& request, auto* response) {
    if (request.keypoints(0).x() < 1) return grpc::Status(grpc::StatusCode::NOT_FOUND, "no model");
    return ShiftBy(1, 1)(request, response);
  }});
  TransferStream stream = Open(server.target());
  stream.Send("bad", At(0));
  std::optional<StreamAnswer> answer = stream.Next();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->id, "bad");
  EXPECT_EQ(answer->response.status().code(), Code::kNotFound);
  EXPECT_EQ(answer->response.status().message(), "no model");
  stream.Send("good", At(1));
  answer = stream.Next();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->response.ok());
  stream.CloseSends();
  EXPECT_FALSE(stream.Next().has_value());
  EXPECT_TRUE(stream.Finish().ok());
}

TEST(TransferStreamTest, EndsWhenCancelledOrDropped) {
  const FakeServer server({.transfer = ShiftBy(1, 1)});
  TransferStream stream = Open(server.target());
  stream.Send("a", At(0));
  stream.Cancel();
  while (stream.Next().has_value()) {
  }
  EXPECT_EQ(stream.Finish().code(), Code::kCancelled);
  Open(server.target()).Send("b", At(0));
}

TEST(TransferStreamTest, ReportsAServerThatIsNotThere) {
  std::string target;
  {
    const FakeServer server({});
    target = server.target();
  }
  TransferStream stream = Open(target);
  EXPECT_FALSE(stream.Next().has_value());
  EXPECT_FALSE(stream.Send("a", At(0)));
  EXPECT_EQ(stream.Finish().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace nemf::client
