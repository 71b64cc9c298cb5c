#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_SERVICE_ENVIRONMENT_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_SERVICE_ENVIRONMENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
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

// The model of a name and version, either of which may be empty (the server's default, the latest),
// or NOT_FOUND. Safe from any thread, does not block.
using ModelFinder =
    std::function<absl::StatusOr<ServedModel>(const std::string& name, const std::string& version)>;

// What the matching calls need from the server. All pointers outlive the service.
struct ServiceEnvironment : RpcEnvironment {
  ModelFinder find_model;
  RequestLimits limits;
  ThreadPool* decoding = nullptr;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_SERVICE_ENVIRONMENT_H_
