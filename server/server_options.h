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

// The options of every component, as read from the command line.
struct ServerOptions {
  ModelRepositoryOptions models;
  GrpcServerOptions grpc;
  HttpEndpointOptions metrics;
  WatchdogOptions watchdog;
  bool record_metrics = true;  // whether /metrics reports requests and the engine's work
  LogLevel log_level = LogLevel::kInfo;
  // Time after SIGTERM in which calls are accepted while health is NOT_SERVING, >= 0.
  absl::Duration lame_duck = absl::ZeroDuration();
  absl::Duration drain_timeout = absl::Minutes(10);  // for the calls in flight after it, >= 0

  // INVALID_ARGUMENT that names the first broken rule of any component.
  absl::Status Validate() const;
};

// Reads the flags, then a configuration file (--config), then NEMF_... environment variables; the
// first source that has a value wins. Returns nullopt if only help, the version or the
// configuration was asked for, which is written to `out`. INVALID_ARGUMENT names the wrong flag in
// one line.
absl::StatusOr<std::optional<ServerOptions>> ParseServerOptions(int argc, const char* const* argv,
                                                                std::ostream& out);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVER_OPTIONS_H_
