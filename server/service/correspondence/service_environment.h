#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_SERVICE_ENVIRONMENT_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_SERVICE_ENVIRONMENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/serial_executor.h"
#include "server/base/thread_pool.h"
#include "server/scheduling/scheduler.h"
#include "server/service/correspondence/request_limits.h"
#include "server/service/rpc/rpc_environment.h"

namespace nemf {

// The model that answers a call.
struct ServedModel {
  std::string name;
  std::string version;
  std::string device;
  std::shared_ptr<Scheduler> scheduler;  // held until the call is answered
};

// Returns the model of a name and version, or NOT_FOUND. An empty name is the server's default
// model, an empty version the latest. Safe from any thread; does not block.
using ModelFinder =
    std::function<absl::StatusOr<ServedModel>(const std::string& name, const std::string& version)>;

// The parts of the server that the matching calls use. All pointers outlive the service.
struct ServiceEnvironment : RpcEnvironment {
  ModelFinder find_model;
  RequestLimits limits;
  ThreadPool* decoding = nullptr;  // decodes images; admission bounds what waits for it
  // Runs the work after a job's answer (messages, metrics, log line, Finish), so that it cannot
  // block a scheduler. Keeps the order of a request's previews and answer.
  SerialExecutor* completions = nullptr;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_SERVICE_ENVIRONMENT_H_
