#ifndef NEMF_SERVER_SERVER_OPTIONS_H_
#define NEMF_SERVER_SERVER_OPTIONS_H_

#include <optional>
#include <ostream>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/models/model_repository.h"
#include "server/scheduling/watchdog.h"
#include "server/service/grpc_server.h"
#include "server/telemetry/http_endpoint.h"
#include "server/telemetry/logger.h"

namespace nemf {

// The options of every component, as the command line gives them.
struct ServerOptions {
  ModelRepositoryOptions models;
  GrpcServerOptions grpc;
  HttpEndpointOptions metrics;
  WatchdogOptions watchdog;
  bool record_metrics = true;  // otherwise /metrics says nothing of requests and of the engine
  LogLevel log_level = LogLevel::kInfo;
  // After SIGTERM: how long calls are still taken while health and readiness say no, >= 0.
  absl::Duration lame_duck = absl::ZeroDuration();
  absl::Duration drain_timeout = absl::Minutes(10);  // for calls in flight at the end, >= 0

  // INVALID_ARGUMENT that names the first broken rule of any component.
  absl::Status Validate() const;
};

// Reads flags; for those that are not given a configuration file (--config), then NEMF_...
// environment variables. Nothing where only help, the version or the configuration was asked for,
// which goes to `out`. INVALID_ARGUMENT says in one line which
// flag is wrong.
absl::StatusOr<std::optional<ServerOptions>> ParseServerOptions(int argc, const char* const* argv,
                                                                std::ostream& out);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVER_OPTIONS_H_
