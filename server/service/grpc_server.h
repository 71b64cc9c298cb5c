#ifndef NEMF_SERVER_SERVICE_GRPC_SERVER_H_
#define NEMF_SERVER_SERVICE_GRPC_SERVER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/host_port.h"
#include "server/base/thread_pool.h"
#include "server/models/model_catalog.h"
#include "server/service/correspondence/request_limits.h"
#include "server/service/correspondence/service_environment.h"
#include "server/service/security/access_control.h"
#include "server/service/security/tls_options.h"

namespace nemf {

// Keep-alive and maximal age of connections.
struct ConnectionOptions {
  // Idle time after which a connection gets a keep-alive ping, seconds, >= 1.
  int keepalive_seconds = 60;
  // Time for the answer, after which the connection is closed and its calls are cancelled, seconds,
  // >= 1.
  int keepalive_timeout_seconds = 20;
  // Age at which a connection is closed, seconds; 0: never. Its client then connects anew, perhaps
  // to another server behind the same name. gRPC varies the age by a tenth.
  int max_age_seconds = 0;
  // Time for the calls of a connection of that age to finish, seconds; 0: no limit.
  int max_age_grace_seconds = 0;

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

struct GrpcServerOptions {
  HostPort listen = {"127.0.0.1", 50'051};
  // Beyond the loopback interface the server listens with TLS, or in plaintext if this says so.
  bool allow_plaintext = false;
  TlsOptions tls = {};
  std::string tokens_file = {};  // see TokenTable; empty: every client that can connect may call
  ConnectionOptions connections = {};
  int max_message_bytes = 64 << 20;  // of one request, >= 1024
  bool reflection = true;            // whether clients may ask for the proto
  bool allow_model_control = false;  // whether Models.Load and Models.Unload are served
  bool trust_priority = false;       // whether the metadata x-nemf-priority is read
  RequestLimits limits = {};
  ThreadPoolOptions decoding = {};

  // Returns INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// The Correspondence and Models services behind a socket, with the standard health service and
// reflection.
class GrpcServer {
 public:
  virtual ~GrpcServer() = default;

  // Returns the address that it listens on, with the port that was bound.
  virtual const HostPort& address() const = 0;

  // Sets the health of the server as a whole ("") and of each of its services by its full name.
  // NOT_SERVING at first.
  virtual void SetServing(bool serving) = 0;

  // Sets health to NOT_SERVING and refuses new calls with UNAVAILABLE. Returns when the calls in
  // flight are finished; those that take longer than `patience` end with CANCELLED. Must be called
  // once, before the destructor, while the schedulers still run.
  virtual void Shutdown(absl::Duration patience) = 0;

  // Binds and starts. Clock and catalog (null: no Models service) outlive the server. `warn` (may
  // be null) is called on any thread with problems of files that changed while the server runs.
  // Requires options.Validate().ok(). UNAVAILABLE names the address that cannot be bound; other
  // errors name the file that cannot be used.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           ModelFinder find_model,
                                                           CallRecorder record_call, Clock* clock,
                                                           TokenFile::Warn warn = nullptr,
                                                           ModelCatalog* models = nullptr);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_GRPC_SERVER_H_
