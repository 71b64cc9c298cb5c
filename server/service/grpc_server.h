#ifndef NEMF_SERVER_SERVICE_GRPC_SERVER_H_
#define NEMF_SERVER_SERVICE_GRPC_SERVER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/scheduling/clock.h"
#include "server/service/host_port.h"
#include "server/service/request_limits.h"
#include "server/service/service_environment.h"
#include "server/service/worker_pool.h"

namespace nemf {

struct GrpcServerOptions {
  HostPort listen = {"127.0.0.1", 50'051};
  int max_message_bytes = 64 << 20;  // of one request, >= 1024
  bool reflection = true;            // whether clients may ask for the proto
  RequestLimits limits = {};
  WorkerPoolOptions decoding = {};

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// The Correspondence service behind a socket, with the standard health service and reflection.
class GrpcServer {
 public:
  virtual ~GrpcServer() = default;

  // Where it listens, with the port that was bound.
  virtual const HostPort& address() const = 0;

  // Health of the server as a whole ("") and of "nemf.v1.Correspondence". NOT_SERVING at first.
  virtual void SetServing(bool serving) = 0;

  // Health NOT_SERVING, new calls UNAVAILABLE; returns when the calls in flight are finished, those
  // that take longer than `patience` as CANCELLED. To be called once, before the destructor; the
  // schedulers must still be running.
  virtual void Shutdown(absl::Duration patience) = 0;

  // Binds and starts. The clock outlives the server. Requires options.Validate().ok(). UNAVAILABLE
  // names the address that cannot be bound.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           ModelFinder find_model,
                                                           CallRecorder record_call, Clock* clock);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_GRPC_SERVER_H_
