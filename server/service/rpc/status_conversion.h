#ifndef NEMF_SERVER_SERVICE_RPC_STATUS_CONVERSION_H_
#define NEMF_SERVER_SERVICE_RPC_STATUS_CONVERSION_H_

#include <cstddef>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace nemf {

// Error messages travel in HTTP/2 trailers, whose size clients limit.
inline constexpr std::size_t kMaxStatusMessageBytes = 1024;

// The only place where a status of ours becomes gRPC's: the same code, the message cut to
// kMaxStatusMessageBytes at a character's boundary.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_STATUS_CONVERSION_H_
