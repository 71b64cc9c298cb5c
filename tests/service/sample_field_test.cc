// SampleField through a socket, from a scheduler that is a puppet.

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tests/service/puppet_server.h"

namespace nemf {
namespace {

using testing::GreyImage;

v1::SampleFieldRequest Request(float x, float y, int columns, int rows) {
  v1::SampleFieldRequest request;
  *request.mutable_query() = GreyImage(20, 10);
  *request.mutable_reference() = GreyImage(30, 40);
  request.mutable_point()->set_x(x);
  request.mutable_point()->set_y(y);
  request.set_columns(static_cast<std::uint32_t>(columns));
  request.set_rows(static_cast<std::uint32_t>(rows));
  return request;
}

std::vector<float> Floats(const std::string& bytes) {
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

class SampleFieldTest : public testing::PuppetServerTest {
 protected:
  grpc::Status Sample(const v1::SampleFieldRequest& request, v1::SampleFieldResponse* response) {
    grpc::ClientContext context;
    return stub_->SampleField(&context, request, response);
  }

  std::string ErrorOf(const v1::SampleFieldRequest& request) {
    v1::SampleFieldResponse response;
    const grpc::Status status = Sample(request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  }
};

TEST_F(SampleFieldTest, PassesOnScoresAndCost) {
  Start(/*at_once=*/true);
  v1::SampleFieldResponse response;
  const grpc::Status status = Sample(Request(19, 2.5f, 3, 2), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.columns(), 3);
  EXPECT_EQ(response.rows(), 2);
  EXPECT_EQ(Floats(response.scores()), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(Floats(response.cost()), (std::vector<float>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(response.reference_width(), 30);
  EXPECT_EQ(response.reference_height(), 40);
  EXPECT_EQ(response.statistics().model_name(), "puppet");
  ASSERT_EQ(Records().size(), 1);
  EXPECT_EQ(Records()[0].method, "SampleField");
}

TEST_F(SampleFieldTest, HasADefaultGrid) {
  Start(/*at_once=*/true);
  v1::SampleFieldResponse response;
  ASSERT_TRUE(Sample(Request(0, 0, 0, 0), &response).ok());
  EXPECT_EQ(response.columns(), 64);
  EXPECT_EQ(response.rows(), 64);
}

TEST_F(SampleFieldTest, NamesFieldValueAndRule) {
  Start(/*at_once=*/true);
  v1::SampleFieldRequest request = Request(0, 0, 0, 0);
  request.clear_point();
  EXPECT_EQ(ErrorOf(request), "point is missing, must be given");
  EXPECT_EQ(ErrorOf(Request(std::numeric_limits<float>::quiet_NaN(), 0, 2, 2)),
            "point.x = nan, must be finite");
  EXPECT_EQ(ErrorOf(Request(0, 10, 2, 2)),
            "point.y = 10, must be >= 0 and <= 9 (query height - 1)");
  EXPECT_EQ(ErrorOf(Request(0, 0, 1, 2)), "columns = 1, must be >= 2");
  EXPECT_EQ(ErrorOf(Request(0, 0, 2, 1)), "rows = 1, must be >= 2");
  EXPECT_EQ(ErrorOf(Request(0, 0, 257, 256)), "columns * rows = 257 * 256, must be <= 65536");
  request = Request(0, 0, 2, 2);
  request.set_columns(4'000'000'000);
  request.set_rows(4'000'000'000);
  EXPECT_EQ(ErrorOf(request), "columns * rows = 4000000000 * 4000000000, must be <= 65536");
}

}  // namespace
}  // namespace nemf
