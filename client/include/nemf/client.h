#ifndef NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_
#define NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "nemf/status.h"
#include "nemf/transfer_stream.h"
#include "nemf/types.h"

namespace nemf::client {

struct ClientOptions {
  // HOST:PORT, or any gRPC target such as "unix:/run/nemf.sock".
  std::string target = "127.0.0.1:50051";
  // The deadline of one call, all its attempts together; 0: none. A dense flow on a CPU takes
  // minutes.
  std::chrono::milliseconds timeout{600'000};
  // The largest message that is accepted from the server, bytes, >= 1 MiB (the size of the server's
  // flow bands).
  int max_message_bytes = 4 << 20;
  // Tries of one call while the server answers UNAVAILABLE or cannot be reached, 1 to 5; with
  // exponential back-off, or the server's own push-back.
  int max_attempts = 4;

  // INVALID_ARGUMENT that names the first broken rule.
  Status Validate() const;
};

// A connection to one server. Every member may be called from any number of threads at once.
class Client {
 public:
  // Fails only on bad options. The connection itself is made by the first call, and made again
  // whenever it is lost; a server that cannot be reached makes the calls fail with kUnavailable.
  static Result<Client> Connect(const ClientOptions& options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Transfers the keypoints of the query to the reference. Blocks until the answer or the deadline.
  Result<KeypointResponse> TransferKeypoints(const KeypointRequest& request) const;

  // Opens a stream for many pairs, the way to run a whole data set. The stream is a call of its
  // own: it may outlive the client, and the options' timeout does not apply to it. A server that
  // cannot be reached shows in the stream's Next() and Finish().
  TransferStream OpenTransferStream() const;

  // Called for each band of rows, top to bottom, on the calling thread. False cancels the call,
  // which then returns kCancelled.
  using BandCallback = std::function<bool(const FlowBand&)>;

  // Computes the dense flow from query to reference. Blocks until the whole field is there.
  // kDataLoss: the server's stream broke the protocol (missing rows, a missing trailer, ...).
  Result<FlowResponse> ComputeFlow(const FlowRequest& request,
                                   const BandCallback& on_band = nullptr) const;

  // The state of one of the server's services, by its full gRPC name; empty: of the whole server.
  // kNotFound: the server does not know the service.
  Result<HealthState> Health(const std::string& service = "") const;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_
