#include "nemf/client.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "client/nemf/channel.h"
#include "client/nemf/convert.h"
#include "client/nemf/flow_assembler.h"
#include "client/nemf/model_calls.h"
#include "client/nemf/transfer_stream_impl.h"
#include "google/protobuf/wrappers.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "nemf/v1/correspondence.grpc.pb.h"

namespace nemf::client {
namespace {

// The messages of grpc.health.v1.Health/Check have the wire format of the well-known wrappers: a
// string `service` = 1, and an enum `status` = 1 (UNKNOWN 0, SERVING 1, NOT_SERVING 2). The client
// therefore needs no copy of health.proto.
using HealthRequest = google::protobuf::StringValue;
using HealthResponse = google::protobuf::Int32Value;
using HealthStub = grpc::TemplatedGenericStub<HealthRequest, HealthResponse>;

HealthState ToHealthState(int status) {
  switch (status) {
    case 1:
      return HealthState::kServing;
    case 2:
      return HealthState::kNotServing;
    default:
      return HealthState::kUnknown;
  }
}

Status BadOption(const std::string& what) {
  return Status(Code::kInvalidArgument, "ClientOptions." + what);
}

}  // namespace

Status ClientOptions::Validate() const {
  if (target.empty()) return BadOption("target is empty, must be HOST:PORT or a gRPC target");
  if (tls && tls->certificate.empty() != tls->key.empty()) {
    return BadOption("tls has only one of certificate and key, must have both or neither");
  }
  if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return BadOption("token has a character that is not visible ASCII");
  }
  if (timeout.count() < 0) {
    return BadOption("timeout = " + std::to_string(timeout.count()) + " ms, must be >= 0");
  }
  if (max_message_bytes < 1 << 20) {
    return BadOption("max_message_bytes = " + std::to_string(max_message_bytes) +
                     ", must be >= 1048576");
  }
  if (max_attempts < 1 || max_attempts > 5) {
    return BadOption("max_attempts = " + std::to_string(max_attempts) + ", must be 1 to 5");
  }
  return Status();
}

class Client::Impl {
 public:
  explicit Impl(const ClientOptions& options)
      : timeout_(options.timeout),
        token_(options.token),
        channel_(MakeChannel(options)),
        correspondence_(v1::Correspondence::NewStub(channel_)),
        health_(channel_),
        models_(channel_, [this](grpc::ClientContext* context) { Prepare(context); }) {}

  const ModelCalls& models() const { return models_; }

  Result<KeypointResponse> TransferKeypoints(const KeypointRequest& request) {
    grpc::ClientContext context;
    Prepare(&context);
    v1::TransferKeypointsResponse response;
    const grpc::Status status =
        correspondence_->TransferKeypoints(&context, ToProto(request), &response);
    if (!status.ok()) return FromGrpc(status, context);
    return FromProto(response);
  }

  TransferStream OpenTransferStream() {
    return TransferStream(std::make_unique<TransferStream::Impl>(correspondence_.get(), token_));
  }

  Result<FieldResponse> SampleField(const FieldRequest& request) {
    grpc::ClientContext context;
    Prepare(&context);
    v1::SampleFieldResponse response;
    const grpc::Status status = correspondence_->SampleField(&context, ToProto(request), &response);
    if (!status.ok()) return FromGrpc(status, context);
    return FromProto(response);
  }

  Result<FlowResponse> ComputeFlow(const FlowRequest& request, const BandCallback& on_band,
                                   const PreviewCallback& on_preview) {
    grpc::ClientContext context;
    Prepare(&context);
    const auto reader = correspondence_->ComputeFlow(&context, ToProto(request));
    FlowAssembler assembler(
        {.confidence = request.with_confidence, .consistency = request.with_consistency});
    const Status read = ReadAll(reader.get(), on_band, on_preview, &assembler);
    if (!read.ok()) context.TryCancel();
    const grpc::Status status = reader->Finish();
    if (!read.ok()) return read;
    if (!status.ok()) return FromGrpc(status, context);
    return std::move(assembler).Finish();
  }

  Result<HealthState> Health(const std::string& service) {
    grpc::ClientContext context;
    Prepare(&context);
    HealthRequest request;
    request.set_value(service);
    HealthResponse response;
    // Shared, because set_value() may still be running when get() returns.
    const auto done = std::make_shared<std::promise<grpc::Status>>();
    health_.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request,
                      &response, [done](grpc::Status status) { done->set_value(status); });
    const grpc::Status status = done->get_future().get();
    if (!status.ok()) return FromGrpc(status);
    return ToHealthState(response.value());
  }

 private:
  void Prepare(grpc::ClientContext* context) const {
    SetToken(token_, context);
    if (timeout_.count() > 0) context->set_deadline(std::chrono::system_clock::now() + timeout_);
  }

  // Reads until the end of the stream. Returns kDataLoss if the stream breaks the protocol, and
  // kCancelled if a callback returns false.
  static Status ReadAll(grpc::ClientReader<v1::ComputeFlowResponse>* reader,
                        const BandCallback& on_band, const PreviewCallback& on_preview,
                        FlowAssembler* assembler) {
    v1::ComputeFlowResponse message;
    while (reader->Read(&message)) {
      const Result<std::optional<FlowBand>> band = assembler->Add(message);
      if (!band.ok()) return band.status();
      std::optional<FlowPreview> preview = assembler->TakePreview();
      const bool stopped = (on_band && band->has_value() && !on_band(**band)) ||
                           (on_preview && preview && !on_preview(*std::move(preview)));
      if (stopped) return Status(Code::kCancelled, "the caller stopped the flow");
    }
    return Status();
  }

  std::chrono::milliseconds timeout_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Correspondence::Stub> correspondence_;
  HealthStub health_;
  const ModelCalls models_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::Connect(const ClientOptions& options) {
  if (Status status = options.Validate(); !status.ok()) return status;
  return Client(std::make_unique<Impl>(options));
}

Result<KeypointResponse> Client::TransferKeypoints(const KeypointRequest& request) const {
  return impl_->TransferKeypoints(request);
}

TransferStream Client::OpenTransferStream() const { return impl_->OpenTransferStream(); }

Result<FlowResponse> Client::ComputeFlow(const FlowRequest& request, const BandCallback& on_band,
                                         const PreviewCallback& on_preview) const {
  return impl_->ComputeFlow(request, on_band, on_preview);
}

Result<FieldResponse> Client::SampleField(const FieldRequest& request) const {
  return impl_->SampleField(request);
}

Result<HealthState> Client::Health(const std::string& service) const {
  return impl_->Health(service);
}

Result<std::vector<Model>> Client::ListModels() const { return impl_->models().List(); }

Result<Model> Client::GetModel(const std::string& name) const { return impl_->models().Get(name); }

Result<Model> Client::LoadModel(const std::string& name, const std::string& version) const {
  return impl_->models().Load(name, version);
}

Result<Model> Client::UnloadModel(const std::string& name, const std::string& version) const {
  return impl_->models().Unload(name, version);
}

}  // namespace nemf::client
