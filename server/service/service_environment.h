#ifndef NEMF_SERVER_SERVICE_SERVICE_ENVIRONMENT_H_
#define NEMF_SERVER_SERVICE_SERVICE_ENVIRONMENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/scheduling/clock.h"
#include "server/scheduling/job.h"
#include "server/scheduling/scheduler.h"
#include "server/service/access_control.h"
#include "server/service/call_gate.h"
#include "server/service/request_limits.h"
#include "server/service/worker_pool.h"

// What the calls need from the rest of the server.
namespace nemf {

// The model that answers a call.
struct ServedModel {
  std::string name;
  std::string version;
  std::string device;
  std::shared_ptr<Scheduler> scheduler;  // held until the call is answered
};

// The model of a name and version, either of which may be empty (the server's default, the latest),
// or NOT_FOUND. Safe from any thread, does not block.
using ModelFinder =
    std::function<absl::StatusOr<ServedModel>(const std::string& name, const std::string& version)>;

// One finished call, for metrics and logs.
struct CallRecord {
  std::string method;      // "TransferKeypoints"
  std::string request_id;  // the client's or ours
  std::string client;      // Caller::client; empty where the caller is not known
  absl::Status status;
  absl::Duration duration;
  // Known as far as the call got; else empty and zero.
  std::string model;  // "nemf-small/6"
  absl::Duration decode_time;
  JobStatistics job;
};

// Safe from any thread, does not block.
using CallRecorder = std::function<void(const CallRecord&)>;

// All pointers outlive the service.
struct ServiceEnvironment {
  ModelFinder find_model;
  CallRecorder record_call;
  RequestLimits limits;
  bool trust_priority = false;  // whether clients may choose their priority
  WorkerPool* decoding = nullptr;
  CallGate* gate = nullptr;
  const AccessControl* access = nullptr;
  Clock* clock = nullptr;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SERVICE_ENVIRONMENT_H_
