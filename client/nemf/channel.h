#ifndef NEMF_CLIENT_NEMF_CHANNEL_H_
#define NEMF_CLIENT_NEMF_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "nemf/client.h"

namespace nemf::client {

// The gRPC service config (JSON) that retries every method on UNAVAILABLE, `max_attempts` times in
// all; 1: never.
std::string ServiceConfig(int max_attempts);

// A lazy channel to options.target. Requires options.Validate().ok().
std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options);

// Sends the token, unless it is empty, with the context's call.
void SetToken(const std::string& token, grpc::ClientContext* context);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_CHANNEL_H_
