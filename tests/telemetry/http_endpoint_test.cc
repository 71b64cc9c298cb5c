#include "server/telemetry/http_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "httplib.h"
#include "server/telemetry/metrics.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;

class HttpEndpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto endpoint =
        HttpEndpoint::Start({.port = 0}, {.metrics = [this] { return metrics_.Serialize(); },
                                          .healthy = [this] { return healthy_.load(); },
                                          .ready = [this] { return ready_.load(); }});
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    endpoint_ = *std::move(endpoint);
    ASSERT_GT(endpoint_->port(), 0);
  }

  httplib::Result Get(const char* path) {
    return httplib::Client("127.0.0.1", endpoint_->port()).Get(path);
  }
  int Status(const char* path) {
    const auto result = Get(path);
    return result ? result->status : -1;
  }

  Metrics metrics_{"0.1.0"};
  std::atomic<bool> healthy_ = true;
  std::atomic<bool> ready_ = false;
  std::unique_ptr<HttpEndpoint> endpoint_;
};

TEST_F(HttpEndpointTest, ServesMetrics) {
  metrics_.OnStep(42, absl::Seconds(1));
  const auto result = Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(result->body, HasSubstr("# TYPE nemf_field_queries_total counter\n"));
  EXPECT_THAT(result->body, HasSubstr("nemf_field_queries_total 42\n"));
}

TEST_F(HttpEndpointTest, ProbesFollowTheirSources) {
  EXPECT_EQ(Status("/healthz"), 200);
  EXPECT_EQ(Status("/readyz"), 503);
  ready_ = true;
  EXPECT_EQ(Status("/readyz"), 200);
  healthy_ = false;
  EXPECT_EQ(Status("/healthz"), 503);
}

TEST_F(HttpEndpointTest, ServesNothingElse) {
  EXPECT_EQ(Status("/"), 404);
  EXPECT_EQ(Status("/metrics/../etc/passwd"), 404);
  const auto posted = httplib::Client("127.0.0.1", endpoint_->port())
                          .Post("/metrics", std::string(100000, 'x'), "text/plain");
  if (posted) {
    EXPECT_GE(posted->status, 400);
  }
}

TEST_F(HttpEndpointTest, ATakenPortIsAClearError) {
  const auto second = HttpEndpoint::Start({.port = endpoint_->port()}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(endpoint_->port())));
}

TEST_F(HttpEndpointTest, ThePortIsFreeAfterwards) {
  const int port = endpoint_->port();
  endpoint_.reset();
  EXPECT_TRUE(HttpEndpoint::Start({.port = port}, {}).ok());
}

TEST_F(HttpEndpointTest, ManyClientsAtOnce) {
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int k = 0; k < 20; ++k) good += Status("/metrics") == 200;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 160);
}

TEST(HttpEndpointOptionsTest, Rules) {
  EXPECT_TRUE(HttpEndpointOptions().Validate().ok());
  EXPECT_EQ(HttpEndpointOptions{.port = 70000}.Validate().message(),
            "HttpEndpointOptions.port = 70000, must be in [0, 65535]");
  EXPECT_EQ((HttpEndpointOptions{.address = ""}.Validate().message()),
            "HttpEndpointOptions.address is empty, must name an address");
}

}  // namespace
}  // namespace nemf
