#ifndef NEMF_SERVER_SERVICE_CONNECTION_OPTIONS_H_
#define NEMF_SERVER_SERVICE_CONNECTION_OPTIONS_H_

#include "absl/status/status.h"

namespace nemf {

// How long connections live, whatever calls they carry.
struct ConnectionOptions {
  // A connection that was quiet for this long is asked whether it still lives, seconds, >= 1 ...
  int keepalive_seconds = 60;
  // ... and closed, its calls cancelled, if no answer comes in this time, seconds, >= 1.
  int keepalive_timeout_seconds = 20;
  // Age at which a connection is closed so that its client connects anew, perhaps to another
  // server behind the same name, seconds; 0: never. gRPC varies it by a tenth.
  int max_age_seconds = 0;
  // What the calls on a connection of that age get to finish, seconds; 0: all the time they need.
  int max_age_grace_seconds = 0;

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CONNECTION_OPTIONS_H_
