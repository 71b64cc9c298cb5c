#ifndef NEMF_SERVER_SERVICE_RPC_RPC_ENVIRONMENT_H_
#define NEMF_SERVER_SERVICE_RPC_RPC_ENVIRONMENT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/scheduling/job.h"
#include "server/service/rpc/in_flight_calls.h"
#include "server/service/security/access_control.h"

namespace nemf {

// The cost of a call, as far as it was served; otherwise empty and zero.
struct CallCost {
  std::string model = {};  // "nemf-small/6"
  absl::Duration decode_time = {};
  JobStatistics job = {};
};

// One finished call, for metrics and logs.
struct CallRecord {
  std::string method;      // "TransferKeypoints"
  std::string request_id;  // from the client's metadata, or generated
  std::string client;      // Caller::client; empty if the caller was not authenticated
  absl::Status status;
  absl::Duration duration;
  CallCost cost;
};

// Safe from any thread; must not block.
using CallRecorder = std::function<void(const CallRecord&)>;

// The parts of the server that calls of all methods use. All pointers outlive the service.
struct RpcEnvironment {
  CallRecorder record_call;
  bool trust_priority = false;  // whether clients may choose their priority
  InFlightCalls* gate = nullptr;
  const AccessControl* access = nullptr;
  Clock* clock = nullptr;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_RPC_ENVIRONMENT_H_
