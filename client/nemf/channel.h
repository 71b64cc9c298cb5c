#ifndef NEMF_CLIENT_NEMF_CHANNEL_H_
#define NEMF_CLIENT_NEMF_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "nemf/client.h"

namespace nemf::client {

// Returns the gRPC service config (JSON) that retries every method on UNAVAILABLE, with
// `max_attempts` attempts including the first; 1: no retries.
std::string ServiceConfig(int max_attempts);

// Creates a channel to options.target that connects on its first call. Requires
// options.Validate().ok().
std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options);

// Adds the bearer token to the metadata of the context's call, unless the token is empty.
void SetToken(const std::string& token, grpc::ClientContext* context);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_CHANNEL_H_
