#ifndef NEMF_SERVER_SERVICE_RPC_STATUS_CONVERSION_H_
#define NEMF_SERVER_SERVICE_RPC_STATUS_CONVERSION_H_

#include <cstddef>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace nemf {

// Error messages travel in HTTP/2 trailers, whose size clients limit.
inline constexpr std::size_t kMaxStatusMessageBytes = 1024;

// Converts a status to gRPC's: the same code, and the message cut to kMaxStatusMessageBytes at a
// character's boundary. The only place that does this.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_STATUS_CONVERSION_H_
