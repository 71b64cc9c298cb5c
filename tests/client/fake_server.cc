#include "tests/client/fake_server.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "server/engine/math/half.h"

namespace nemf::testing {
namespace {

void AppendFloat(float value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string ToHalves(const std::string& floats) {
  std::string halves;
  for (std::size_t i = 0; i < floats.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, floats.data() + i, sizeof(value));
    const std::uint16_t half = FloatToHalf(value);
    halves.append(reinterpret_cast<const char*>(&half), sizeof(half));
  }
  return halves;
}

void SetStatistics(v1::Statistics* statistics) {
  statistics->set_model_name("fake");
  statistics->set_model_version("7");
  statistics->set_device("cpu");
  statistics->set_decode_seconds(0.25);
  statistics->set_queue_seconds(0.5);
  statistics->set_encode_seconds(0.75);
  statistics->set_match_seconds(1.5);
  statistics->set_field_queries(1234);
  statistics->set_encoder_batch_pairs(2);
}

}  // namespace

class FakeServer::Service final : public v1::Correspondence::Service {
 public:
  explicit Service(FakeHandlers handlers) : handlers_(std::move(handlers)) {}

  grpc::Status TransferKeypoints(grpc::ServerContext* context,
                                 const v1::TransferKeypointsRequest* request,
                                 v1::TransferKeypointsResponse* response) override {
    if (handlers_.transfer) {
      const grpc::Status status = handlers_.transfer(*request, response);
      if (!status.ok() && handlers_.retry_pushback_ms) {
        context->AddTrailingMetadata("grpc-retry-pushback-ms",
                                     std::to_string(*handlers_.retry_pushback_ms));
      }
      return status;
    }
    return v1::Correspondence::Service::TransferKeypoints(context, request, response);
  }

  // Answers each pair of a stream as the unary method would.
  grpc::Status TransferKeypointsStream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::TransferKeypointsStreamResponse,
                               v1::TransferKeypointsStreamRequest>* stream) override {
    v1::TransferKeypointsStreamRequest pair;
    while (stream->Read(&pair)) {
      v1::TransferKeypointsStreamResponse answer;
      answer.set_id(pair.id());
      const grpc::Status status = handlers_.transfer(pair.request(), answer.mutable_response());
      if (!status.ok()) {
        answer.mutable_error()->set_code(status.error_code());
        answer.mutable_error()->set_message(status.error_message());
      }
      if (!stream->Write(answer)) break;
    }
    return grpc::Status::OK;
  }

  grpc::Status ComputeFlow(grpc::ServerContext* context, const v1::ComputeFlowRequest* request,
                           FlowWriter* writer) override {
    if (handlers_.flow) return handlers_.flow(*request, writer);
    return v1::Correspondence::Service::ComputeFlow(context, request, writer);
  }

  grpc::Status SampleField(grpc::ServerContext* context, const v1::SampleFieldRequest* request,
                           v1::SampleFieldResponse* response) override {
    if (handlers_.field) return handlers_.field(*request, response);
    return v1::Correspondence::Service::SampleField(context, request, response);
  }

 private:
  FakeHandlers handlers_;
};

class FakeServer::ModelsService final : public v1::Models::Service {
 public:
  explicit ModelsService(FakeHandlers handlers) : handlers_(std::move(handlers)) {}

  grpc::Status List(grpc::ServerContext*, const v1::ListModelsRequest*,
                    v1::ListModelsResponse* response) override {
    return Answer("List", "", "", response->add_models());
  }
  grpc::Status Get(grpc::ServerContext*, const v1::GetModelRequest* request,
                   v1::GetModelResponse* response) override {
    return Answer("Get", request->name(), "", response->mutable_model());
  }
  grpc::Status Load(grpc::ServerContext*, const v1::LoadModelRequest* request,
                    v1::LoadModelResponse* response) override {
    return Answer("Load", request->name(), request->version(), response->mutable_model());
  }
  grpc::Status Unload(grpc::ServerContext*, const v1::UnloadModelRequest* request,
                      v1::UnloadModelResponse* response) override {
    return Answer("Unload", request->name(), request->version(), response->mutable_model());
  }

 private:
  grpc::Status Answer(const std::string& method, const std::string& name,
                      const std::string& version, v1::Model* model) const {
    if (handlers_.models) return handlers_.models(method, name, version, model);
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  }

  FakeHandlers handlers_;
};

FakeServer::FakeServer(FakeHandlers handlers)
    : service_(std::make_unique<Service>(handlers)),
      models_service_(std::make_unique<ModelsService>(std::move(handlers))) {
  grpc::EnableDefaultHealthCheckService(true);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service_.get());
  builder.RegisterService(models_service_.get());
  server_ = builder.BuildAndStart();
  target_ = "127.0.0.1:" + std::to_string(port);
}

FakeServer::~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }

void FakeServer::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
}

v1::ComputeFlowResponse Header(int width, int height) {
  v1::ComputeFlowResponse message;
  message.mutable_header()->set_width(width);
  message.mutable_header()->set_height(height);
  message.mutable_header()->set_reference_width(30);
  message.mutable_header()->set_reference_height(20);
  return message;
}

v1::ComputeFlowResponse Chunk(int width, int first_row, int rows, bool with_confidence,
                              bool with_consistency) {
  v1::ComputeFlowResponse message;
  v1::FlowChunk* chunk = message.mutable_chunk();
  chunk->set_first_row(first_row);
  chunk->set_rows(rows);
  for (int y = first_row; y < first_row + rows; ++y) {
    for (int x = 0; x < width; ++x) {
      AppendFloat(static_cast<float>(x), chunk->mutable_flow());
      AppendFloat(static_cast<float>(100 + y), chunk->mutable_flow());
      if (with_confidence) AppendFloat(static_cast<float>(x + 10 * y), chunk->mutable_confidence());
      if (with_consistency) {
        AppendFloat(0.5f * static_cast<float>(x + 2 * y), chunk->mutable_consistency());
      }
    }
  }
  return message;
}

v1::ComputeFlowResponse InHalves(v1::ComputeFlowResponse message) {
  if (message.has_header()) message.mutable_header()->set_type(v1::FLOAT16);
  v1::FlowChunk* chunk = message.has_chunk()     ? message.mutable_chunk()
                         : message.has_preview() ? message.mutable_preview()->mutable_chunk()
                                                 : nullptr;
  if (chunk == nullptr) return message;
  chunk->set_flow(ToHalves(chunk->flow()));
  chunk->set_confidence(ToHalves(chunk->confidence()));
  chunk->set_consistency(ToHalves(chunk->consistency()));
  return message;
}

v1::ComputeFlowResponse Preview(int iteration, int width, int first_row, int rows) {
  v1::ComputeFlowResponse message;
  message.mutable_preview()->set_iteration(static_cast<std::uint32_t>(iteration));
  *message.mutable_preview()->mutable_chunk() = Chunk(width, first_row, rows).chunk();
  return message;
}

grpc::Status CountNodes(const v1::SampleFieldRequest& request, v1::SampleFieldResponse* response) {
  response->set_columns(request.columns());
  response->set_rows(request.rows());
  for (std::uint32_t i = 0; i < request.columns() * request.rows(); ++i) {
    AppendFloat(static_cast<float>(i), response->mutable_scores());
    AppendFloat(-static_cast<float>(i), response->mutable_cost());
  }
  response->set_reference_width(30);
  response->set_reference_height(20);
  SetStatistics(response->mutable_statistics());
  return grpc::Status::OK;
}

v1::ComputeFlowResponse Trailer() {
  v1::ComputeFlowResponse message;
  SetStatistics(message.mutable_trailer()->mutable_statistics());
  return message;
}

std::function<grpc::Status(const v1::TransferKeypointsRequest&, v1::TransferKeypointsResponse*)>
ShiftBy(float dx, float dy) {
  return [dx, dy](const v1::TransferKeypointsRequest& request,
                  v1::TransferKeypointsResponse* response) {
    for (const v1::Point& keypoint : request.keypoints()) {
      v1::KeypointMatch* match = response->add_matches();
      *match->mutable_query() = keypoint;
      match->mutable_reference()->set_x(keypoint.x() + dx);
      match->mutable_reference()->set_y(keypoint.y() + dy);
      match->set_confidence(0.5f);
      match->set_in_bounds(true);
    }
    SetStatistics(response->mutable_statistics());
    return grpc::Status::OK;
  };
}

std::function<grpc::Status(const v1::ComputeFlowRequest&, FlowWriter*)> WriteMessages(
    std::vector<v1::ComputeFlowResponse> messages) {
  return [messages = std::move(messages)](const v1::ComputeFlowRequest&, FlowWriter* writer) {
    for (const v1::ComputeFlowResponse& message : messages) {
      if (!writer->Write(message)) break;
    }
    return grpc::Status::OK;
  };
}

}  // namespace nemf::testing
