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

// What the metadata of a call state.
struct CallHeader {
  std::string request_id = {};
  std::string client = {};    // Caller::client; empty if the caller is not authenticated
  std::string priority = {};  // of kPriorityKey; empty if there is none or it is not trusted
  absl::Time deadline = absl::InfiniteFuture();
};

// One call, of any method: its header, its registration among the calls in flight, its start and
// its record.
class RpcContext {
 public:
  // Reads the client's metadata and sets the trailing metadata.
  RpcContext(const RpcEnvironment* environment, const char* method,
             grpc::CallbackServerContext* context);
  // A part of a call that counts as a request of its own, such as a pair of a stream.
  RpcContext(const RpcEnvironment* environment, const char* method, CallHeader header);

  // OK if the call may be served; otherwise UNAVAILABLE (the server shuts down) or UNAUTHENTICATED.
  const absl::Status& admission() const { return admission_; }
  const CallHeader& header() const { return header_; }

  // Reports the end of the call and, if `status` carries a push-back, sends it to the client. Must
  // be called once, right before the call is finished: who has the answer finds it counted.
  void Record(const absl::Status& status, CallCost cost) const;

 private:
  const RpcEnvironment& environment_;
  const char* method_;
  std::unique_ptr<InFlightCalls::Slot> slot_;
  grpc::CallbackServerContext* context_ = nullptr;  // null: a part of a call
  CallHeader header_;
  absl::Status admission_;
  absl::Time start_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_RPC_RPC_CONTEXT_H_
