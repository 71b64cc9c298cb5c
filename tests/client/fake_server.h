#ifndef NEMF_TESTS_CLIENT_FAKE_SERVER_H_
#define NEMF_TESTS_CLIENT_FAKE_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grpcpp/server.h"
#include "nemf/v1/correspondence.grpc.pb.h"
#include "nemf/v1/models.grpc.pb.h"

namespace nemf::testing {

using FlowWriter = grpc::ServerWriter<v1::ComputeFlowResponse>;

// What the fake answers; called on gRPC's threads.
struct FakeHandlers {
  std::function<grpc::Status(const v1::TransferKeypointsRequest&, v1::TransferKeypointsResponse*)>
      transfer = nullptr;
  std::function<grpc::Status(const v1::ComputeFlowRequest&, FlowWriter*)> flow = nullptr;
  std::function<grpc::Status(const v1::SampleFieldRequest&, v1::SampleFieldResponse*)> field =
      nullptr;
  // Sent with every error of `transfer`, as the trailer with the time to retry.
  std::optional<int> retry_pushback_ms = std::nullopt;
  // The Models service: the method ("Load"), the name and the version asked for. List answers with
  // this one model.
  std::function<grpc::Status(const std::string& method, const std::string& name,
                             const std::string& version, v1::Model*)>
      models = nullptr;
};

// A gRPC server on a free port of the loopback, with the standard health service, that answers with
// its handlers; a method without one is UNIMPLEMENTED. `transfer` answers the pairs of streams too.
class FakeServer {
 public:
  explicit FakeServer(FakeHandlers handlers);
  ~FakeServer();

  const std::string& target() const { return target_; }
  void SetServing(bool serving);

 private:
  class Service;
  class ModelsService;
  std::unique_ptr<Service> service_;
  std::unique_ptr<ModelsService> models_service_;
  std::unique_ptr<grpc::Server> server_;
  std::string target_;
};

// Messages of a well-formed flow stream.
v1::ComputeFlowResponse Header(int width, int height);
// Rows whose displacement at (x, y) is (x, 100 + y); if asked for, the confidence is x + 10 y and
// the consistency x / 2 + y.
v1::ComputeFlowResponse Chunk(int width, int first_row, int rows, bool with_confidence = false,
                              bool with_consistency = false);
// A message of such a stream as it is where numbers travel as float16.
v1::ComputeFlowResponse InHalves(v1::ComputeFlowResponse message);
v1::ComputeFlowResponse Trailer();
// Rows of the preview of an iteration, as Chunk() makes them.
v1::ComputeFlowResponse Preview(int iteration, int width, int first_row, int rows);

// A field over a reference of 30 x 20 pixels: node i of the grid that is asked for scores i and
// costs -i.
grpc::Status CountNodes(const v1::SampleFieldRequest& request, v1::SampleFieldResponse* response);

// A transfer that moves every keypoint by (dx, dy), with score 0 and confidence 0.5.
std::function<grpc::Status(const v1::TransferKeypointsRequest&, v1::TransferKeypointsResponse*)>
ShiftBy(float dx, float dy);

// A flow handler that writes the messages.
std::function<grpc::Status(const v1::ComputeFlowRequest&, FlowWriter*)> WriteMessages(
    std::vector<v1::ComputeFlowResponse> messages);

}  // namespace nemf::testing

#endif  // NEMF_TESTS_CLIENT_FAKE_SERVER_H_
