#ifndef NEMF_TESTS_SERVICE_PUPPET_SERVER_H_
#define NEMF_TESTS_SERVICE_PUPPET_SERVER_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "nemf/v1/correspondence.grpc.pb.h"
#include "server/service/grpc_server.h"
#include "tests/service/puppet_scheduler.h"

namespace nemf::testing {

inline v1::Image GreyImage(int width, int height) {
  v1::Image image;
  image.mutable_raw()->set_format(v1::RawImage::GRAY8);
  image.mutable_raw()->set_width(static_cast<std::uint32_t>(width));
  image.mutable_raw()->set_height(static_cast<std::uint32_t>(height));
  image.mutable_raw()->set_data(std::string(std::size_t{1} * width * height, 'x'));
  return image;
}

// A good request.
inline v1::TransferKeypointsRequest OneKeypoint() {
  v1::TransferKeypointsRequest request;
  *request.mutable_query() = GreyImage(20, 10);
  *request.mutable_reference() = GreyImage(30, 40);
  request.add_keypoints()->set_x(3);
  return request;
}

// A server on a free port, its scheduler a puppet, and a client.
class PuppetServerTest : public ::testing::Test {
 protected:
  void Start(bool at_once, GrpcServerOptions options = {}, Clock* clock = Clock::System()) {
    scheduler_ = std::make_shared<PuppetScheduler>(at_once);
    options.listen.port = 0;
    auto server = GrpcServer::Start(
        options,
        [this](const std::string& name, const std::string& version) { return Find(name, version); },
        [this](const CallRecord& record) {
          absl::MutexLock lock(&mutex_);
          records_.push_back(record);
        },
        clock);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->SetServing(true);
    stub_ = v1::Correspondence::NewStub(
        grpc::CreateChannel(server_->address().ToString(), grpc::InsecureChannelCredentials()));
  }

  void TearDown() override { Stop(); }

  // Returns what the server finds under a name and version.
  virtual absl::StatusOr<ServedModel> Find(const std::string& /*name*/,
                                           const std::string& /*version*/) {
    return ServedModel{.name = "puppet", .version = "3", .device = "cpu", .scheduler = scheduler_};
  }

  // Returns when the calls are finished and their objects destroyed.
  void Stop() {
    if (server_ != nullptr) server_->Shutdown(absl::InfiniteDuration());
    server_ = nullptr;
  }

  std::vector<CallRecord> Records() {
    absl::MutexLock lock(&mutex_);
    return records_;
  }

  absl::Mutex mutex_;
  std::vector<CallRecord> records_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<PuppetScheduler> scheduler_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<v1::Correspondence::Stub> stub_;
};

}  // namespace nemf::testing

#endif  // NEMF_TESTS_SERVICE_PUPPET_SERVER_H_
