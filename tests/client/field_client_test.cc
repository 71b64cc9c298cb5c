// SampleField, previews and tokens of the client library, against a fake server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nemf/client.h"
#include "tests/client/fake_server.h"

namespace nemf::client {
namespace {

using ::nemf::testing::Chunk;
using ::nemf::testing::CountNodes;
using ::nemf::testing::FakeServer;
using ::nemf::testing::Header;
using ::nemf::testing::Preview;
using ::nemf::testing::Trailer;
using ::nemf::testing::WriteMessages;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FieldClientTest, SamplesTheField) {
  v1::SampleFieldRequest seen;
  const FakeServer server({.field = [&seen](const auto& request, auto* response) {
    seen = request;
    return CountNodes(request, response);
  }});
  const Client client = Client::Connect({.target = server.target()}).value();
  FieldRequest request;
  request.query = EncodedImage{"q"};
  request.reference = EncodedImage{"r"};
  request.point = {3.5f, 4};
  request.columns = 3;
  request.rows = 2;
  request.model = {"name", "7"};
  const Result<FieldResponse> response = client.SampleField(request);
  ASSERT_TRUE(response.ok()) << response.status().message();
  EXPECT_EQ(response->field.columns, 3);
  EXPECT_EQ(response->field.rows, 2);
  EXPECT_THAT(response->field.scores, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(response->field.cost, ElementsAre(0, -1, -2, -3, -4, -5));
  EXPECT_EQ(response->reference_width, 30);
  EXPECT_EQ(response->statistics.model_name, "fake");
  EXPECT_EQ(seen.query().encoded(), "q");
  EXPECT_EQ(seen.point().x(), 3.5f);
  EXPECT_EQ(seen.model().version(), "7");
}

TEST(FieldClientTest, RefusesAnAnswerOfTheWrongSize) {
  const FakeServer server({.field = [](const auto& request, auto* response) {
    CountNodes(request, response);
    response->mutable_cost()->pop_back();
    return grpc::Status::OK;
  }});
  const Client client = Client::Connect({.target = server.target()}).value();
  FieldRequest request;
  request.columns = request.rows = 2;
  const Result<FieldResponse> response = client.SampleField(request);
  EXPECT_EQ(response.status().code(), Code::kDataLoss);
  EXPECT_THAT(response.status().message(), HasSubstr("2 x 2 nodes with 16 bytes of scores and 15"));
}

TEST(PreviewClientTest, TellsPreviewsBeforeTheFlow) {
  v1::ComputeFlowRequest seen;
  const auto write = WriteMessages(
      {Header(3, 5), Preview(0, 3, 0, 5), Preview(2, 3, 0, 5), Chunk(3, 0, 5), Trailer()});
  const FakeServer server({.flow = [&](const auto& request, auto* writer) {
    seen = request;
    return write(request, writer);
  }});
  const Client client = Client::Connect({.target = server.target()}).value();
  FlowRequest request;
  request.preview_iterations = {0, 2, 9};
  std::vector<std::string> order;
  const auto on_band = [&order](const FlowBand&) {
    order.push_back("band");
    return true;
  };
  const auto on_preview = [&order](FlowPreview preview) {
    order.push_back("preview " + std::to_string(preview.iteration));
    return true;
  };
  EXPECT_TRUE(client.ComputeFlow(request, on_band, on_preview).ok());
  EXPECT_THAT(order, ElementsAre("preview 0", "preview 2", "band"));
  EXPECT_THAT(seen.preview_iterations(), ElementsAre(0, 2, 9));

  const auto stop = [](FlowPreview) { return false; };
  EXPECT_EQ(client.ComputeFlow(request, nullptr, stop).status().code(), Code::kCancelled);
}

TEST(AccessClientTest, RefusesOptionsThatCannotWork) {
  const auto error = [](ClientOptions options) {
    return Client::Connect(options).status().message();
  };
  EXPECT_THAT(error({.tls = TlsOptions{.certificate = "c"}}),
              HasSubstr("only one of certificate and key"));
  EXPECT_THAT(error({.token = "two words"}), HasSubstr("token has a character"));
  EXPECT_THAT(error({.token = "a\nb"}), HasSubstr("token has a character"));
}

}  // namespace
}  // namespace nemf::client
