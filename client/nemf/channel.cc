#include "client/nemf/channel.h"

#include <limits>
#include <optional>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace nemf::client {

std::string ServiceConfig(int max_attempts) {
  if (max_attempts <= 1) return "{}";
  return R"({"methodConfig": [{
      "name": [{"service": "nemf.v1.Correspondence"}, {"service": "nemf.v1.Models"},
               {"service": "grpc.health.v1.Health"}],
      "retryPolicy": {
        "maxAttempts": )" +
         std::to_string(max_attempts) + R"(,
        "initialBackoff": "0.2s", "maxBackoff": "3s", "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]}}]})";
}

namespace {

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const std::optional<TlsOptions>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls->ca_certificates;
  options.pem_cert_chain = tls->certificate;
  options.pem_private_key = tls->key;
  return grpc::SslCredentials(options);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfig(options.max_attempts));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, options.max_attempts > 1);
  // gRPC retries a call only if its request fits into this buffer. Photographs exceed the default
  // of 256 KiB. The server's own limit bounds the size of a request.
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, std::numeric_limits<int>::max());
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetUserAgentPrefix("nemf-client/" NEMF_VERSION);
  if (options.tls && !options.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->server_name);
  }
  return grpc::CreateCustomChannel(options.target, MakeCredentials(options.tls), arguments);
}

void SetToken(const std::string& token, grpc::ClientContext* context) {
  // Metadata, because gRPC does not send call credentials over a plaintext connection.
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
}

}  // namespace nemf::client
