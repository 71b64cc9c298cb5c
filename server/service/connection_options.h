#ifndef NEMF_SERVER_SERVICE_CONNECTION_OPTIONS_H_
#define NEMF_SERVER_SERVICE_CONNECTION_OPTIONS_H_

#include "absl/status/status.h"

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

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CONNECTION_OPTIONS_H_
