#ifndef NEMF_SERVER_SERVICE_RPC_RPC_CONTEXT_H_
#define NEMF_SERVER_SERVICE_RPC_RPC_CONTEXT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "server/service/rpc/in_flight_calls.h"
#include "server/service/rpc/rpc_environment.h"

namespace nemf {

// Metadata with the request's id: taken from the client, or made; returned in the trailers.
inline constexpr char kRequestIdKey[] = "x-request-id";
// Metadata with the priority that a trusted caller asks for: low, normal or high.
inline constexpr char kPriorityKey[] = "x-nemf-priority";

// The frame around one call, whatever its method: its place among the calls in flight, who calls,
// its request id, its clock and its record.
class RpcContext {
 public:
  // Reads the client's metadata and sets the trailing one.
  RpcContext(const RpcEnvironment* environment, const char* method,
             grpc::CallbackServerContext* context);
  // A part of a call that counts as a request of its own, such as a pair of a stream.
  RpcContext(const RpcEnvironment* environment, const char* method, std::string request_id,
             std::string client);

  // Whether the call may be served: UNAVAILABLE while the server shuts down, UNAUTHENTICATED.
  const absl::Status& admission() const { return admission_; }
  // Caller::client of an admitted call.
  const std::string& client() const { return client_; }
  // The metadata kPriorityKey; empty where there is none or it is not trusted.
  const std::string& priority() const { return priority_; }
  const std::string& request_id() const { return request_id_; }

  // Reports the end of the call, and tells its client when it may try again, if `status` says so.
  // To be called once, right before the call is finished, so that whoever has the answer finds it
  // counted.
  void Record(const absl::Status& status, CallCost cost) const;

 private:
  const RpcEnvironment& environment_;
  const char* method_;
  std::unique_ptr<InFlightCalls::Slot> slot_;
  std::string request_id_;
  std::string client_;
  std::string priority_;
  grpc::CallbackServerContext* context_ = nullptr;  // null: a part of a call
  absl::Status admission_;
  absl::Time start_;
};

// The client's deadline; the infinite future where it has none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_RPC_CONTEXT_H_
