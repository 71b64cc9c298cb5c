#include "server/service/grpc_server.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "server/service/correspondence/correspondence_service.h"
#include "server/service/model_admin/models_service.h"
#include "server/service/rpc/in_flight_calls.h"
#include "server/service/security/tls_credentials.h"

namespace nemf {
namespace {

absl::Status CheckSeconds(const char* name, int value, int least) {
  constexpr int kMost = 1'000'000;  // gRPC takes milliseconds in an int
  if (value >= least && value <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("ConnectionOptions.", name, " = ", value,
                                                 ", must be >= ", least, " and <= ", kMost));
}

// Leaves reflection out of one server: its library adds itself to all of them.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins,
                  [](const auto& plugin) { return plugin->name() == "proto_server_reflection"; });
  }
};

// A request has some hundred kilobytes. With gRPC's defaults a client sends 64 KiB, in frames of
// 16 KiB, and then waits for an update of the window.
void SetTransportArguments(grpc::ServerBuilder* builder) {
  constexpr int kLookahead = 4 << 20;  // bytes of a stream on their way
  constexpr int kFrame = 1 << 20;
  builder->AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookahead);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrame);
  // Otherwise the window would be measured again and again, with a ping each time.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
}

void SetConnectionArguments(const ConnectionOptions& options, grpc::ServerBuilder* builder) {
  constexpr int kMilliseconds = 1000;
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                              options.keepalive_seconds * kMilliseconds);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              options.keepalive_timeout_seconds * kMilliseconds);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // How often clients may ask; gRPC's default of five minutes closes connections that are kept
  // alive through address translation.
  constexpr int kLeastMillisecondsBetweenPings = 10'000;
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kLeastMillisecondsBetweenPings);
  if (options.max_age_seconds == 0) return;
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                              options.max_age_seconds * kMilliseconds);
  if (options.max_age_grace_seconds == 0) return;
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              options.max_age_grace_seconds * kMilliseconds);
}

class GrpcServerImpl final : public GrpcServer {
 public:
  GrpcServerImpl(const GrpcServerOptions& options, ModelFinder find_model, CallRecorder record_call,
                 Clock* clock, ModelCatalog* models)
      : environment_{{.record_call = std::move(record_call),
                      .trust_priority = options.trust_priority,
                      .gate = &gate_,
                      .clock = clock},
                     std::move(find_model),
                     options.limits,
                     &decoding_,
                     &completions_},
        decoding_(options.decoding),
        service_(&environment_) {
    if (models == nullptr) return;
    models_service_ =
        std::make_unique<ModelsService>(&environment_, models, options.allow_model_control);
  }

  absl::Status Listen(const GrpcServerOptions& options, TokenFile::Warn warn) {
    auto access = AccessControl::Create(options.tokens_file, environment_.clock, std::move(warn));
    if (!access.ok()) return access.status();
    access_ = *std::move(access);
    environment_.access = access_.get();
    auto credentials = MakeServerCredentials(options.tls);
    if (!credentials.ok()) return credentials.status();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
    int port = 0;
    builder.AddListeningPort(options.listen.ToString(), *credentials, &port);
    SetTransportArguments(&builder);
    SetConnectionArguments(options.connections, &builder);
    // Otherwise two servers could share a port, each with half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(options.max_message_bytes);
    builder.RegisterService(&service_);
    if (models_service_ != nullptr) builder.RegisterService(models_service_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", options.listen.ToString(),
                       ": the port is taken or not allowed, or the host is not this machine"));
    }
    SetServing(false);
    address_ = {options.listen.host, port};
    return absl::OkStatus();
  }

  const HostPort& address() const override { return address_; }

  void SetServing(bool serving) override {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    health->SetServingStatus(serving);  // "" and all services that have a status
    health->SetServingStatus(v1::Correspondence::service_full_name(), serving);
    if (models_service_ == nullptr) return;
    health->SetServingStatus(v1::Models::service_full_name(), serving);
  }

  void Shutdown(absl::Duration patience) override {
    // Time for the last answers to leave. Longer is useless: watchers of health and clients of
    // reflection keep their streams open until the connection ends.
    constexpr absl::Duration kGrace = absl::Seconds(1);
    // Shorter than kRetryWhenClosed, the time in which clients that follow it stay silent.
    constexpr absl::Duration kQuiet = absl::Milliseconds(100);
    constexpr absl::Duration kLongestWaitForQuiet = absl::Seconds(2);
    SetServing(false);
    gate_.Close();
    gate_.AwaitEmpty(patience);
    gate_.AwaitQuiet(kQuiet, kLongestWaitForQuiet);
    server_->Shutdown(absl::ToChronoTime(absl::Now() + kGrace));
    server_->Wait();
  }

 private:
  // Destroyed in reverse: first the server, then the parts that its calls use.
  InFlightCalls gate_;
  std::unique_ptr<AccessControl> access_;
  ServiceEnvironment environment_;
  ThreadPool decoding_;
  SerialExecutor completions_;
  CorrespondenceService service_;
  std::unique_ptr<ModelsService> models_service_;  // null: there is no catalog
  std::unique_ptr<grpc::Server> server_;
  HostPort address_;
};

}  // namespace

absl::Status ConnectionOptions::Validate() const {
  absl::Status status = CheckSeconds("keepalive_seconds", keepalive_seconds, 1);
  status.Update(CheckSeconds("keepalive_timeout_seconds", keepalive_timeout_seconds, 1));
  status.Update(CheckSeconds("max_age_seconds", max_age_seconds, 0));
  status.Update(CheckSeconds("max_age_grace_seconds", max_age_grace_seconds, 0));
  return status;
}

absl::Status GrpcServerOptions::Validate() const {
  if (listen.host.empty() || listen.port < 0 || listen.port > 65'535) {
    return absl::InvalidArgumentError(
        absl::StrCat("GrpcServerOptions.listen = \"", listen.ToString(), "\", must be HOST:PORT"));
  }
  if (!listen.IsLoopback() && !tls.enabled() && !allow_plaintext) {
    return absl::InvalidArgumentError(
        absl::StrCat("GrpcServerOptions.listen = \"", listen.ToString(),
                     "\", must be a loopback address where there is no TLS (--tls-cert, --tls-key) "
                     "and plaintext is not allowed (--allow-plaintext)"));
  }
  if (max_message_bytes < 1024) {
    return absl::InvalidArgumentError(absl::StrCat(
        "GrpcServerOptions.max_message_bytes = ", max_message_bytes, ", must be >= 1024"));
  }
  absl::Status status = tls.Validate();
  status.Update(connections.Validate());
  status.Update(limits.Validate());
  status.Update(decoding.Validate());
  return status;
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              ModelFinder find_model,
                                                              CallRecorder record_call,
                                                              Clock* clock, TokenFile::Warn warn,
                                                              ModelCatalog* models) {
  auto server = std::make_unique<GrpcServerImpl>(options, std::move(find_model),
                                                 std::move(record_call), clock, models);
  if (absl::Status status = server->Listen(options, std::move(warn)); !status.ok()) return status;
  return server;
}

}  // namespace nemf
