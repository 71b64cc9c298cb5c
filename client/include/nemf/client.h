#ifndef NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_
#define NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nemf/models.h"
#include "nemf/status.h"
#include "nemf/transfer_stream.h"
#include "nemf/types.h"

namespace nemf::client {

// Settings of a TLS connection. Every member is PEM text, not a file name.
struct TlsOptions {
  std::string ca_certificates = {};  // trusted authorities; empty: those of the system
  // Certificate chain and private key of this client, for servers that require them. Both or
  // neither.
  std::string certificate = {};
  std::string key = {};
  // Name expected in the server's certificate; empty: the host of the target.
  std::string server_name = {};
};

struct ClientOptions {
  // HOST:PORT, or any gRPC target such as "unix:/run/nemf.sock".
  std::string target = "127.0.0.1:50051";
  std::optional<TlsOptions> tls = std::nullopt;  // nullopt: plaintext
  // Bearer token sent with every call; empty: none. A plaintext connection exposes it to everyone
  // on the network path.
  std::string token = {};
  // Deadline of one call, including its retries; 0: none. A dense flow on a CPU takes minutes.
  std::chrono::milliseconds timeout{600'000};
  // Largest message accepted from the server, bytes. At least 1 MiB, the server's limit for one
  // flow chunk.
  int max_message_bytes = 4 << 20;
  // Attempts of one call while the server is unreachable or returns UNAVAILABLE, 1 to 5. The delay
  // between attempts grows exponentially, or is the server's push-back if it sends one.
  int max_attempts = 4;

  // Returns kInvalidArgument that names the first broken rule, or success.
  Status Validate() const;
};

// A connection to one server. Any number of threads may call any member at the same time. Requests
// are copied into the message; the caller keeps ownership.
class Client {
 public:
  // Creates a client without connecting. The first call connects, and later calls reconnect if the
  // connection is lost. Returns kInvalidArgument if the options are invalid. While the server is
  // unreachable, calls return kUnavailable.
  static Result<Client> Connect(const ClientOptions& options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Transfers keypoints from the query to the reference. Blocks until the response or the deadline.
  Result<KeypointResponse> TransferKeypoints(const KeypointRequest& request) const;

  // Opens a stream for many pairs, for example a whole data set. The stream may outlive the client.
  // ClientOptions.timeout does not apply to it. If the server is unreachable, Next() and Finish()
  // of the stream report it.
  TransferStream OpenTransferStream() const;

  // Receives each band of rows, top to bottom, on the calling thread. Returning false cancels the
  // call, which then returns kCancelled.
  using BandCallback = std::function<bool(const FlowBand&)>;

  // Receives each preview that FlowRequest.preview_iterations requests, on the calling thread and
  // before the first band. A server may skip previews for a slow reader. Returning false cancels
  // the call, as above.
  using PreviewCallback = std::function<bool(FlowPreview)>;

  // Computes the dense flow from the query to the reference. Blocks until the whole field has
  // arrived. Returns kDataLoss if the server's stream breaks the protocol, for example if rows or
  // the trailer are missing.
  Result<FlowResponse> ComputeFlow(const FlowRequest& request,
                                   const BandCallback& on_band = nullptr,
                                   const PreviewCallback& on_preview = nullptr) const;

  // Scores one query point against a grid over the reference. Blocks until the response or the
  // deadline. Returns kDataLoss if the sizes in the response do not agree.
  Result<FieldResponse> SampleField(const FieldRequest& request) const;

  // Returns the health of one gRPC service, by its full name; empty: of the whole server. Returns
  // kNotFound if the server does not offer the service.
  Result<HealthState> Health(const std::string& service = "") const;

  // Returns the server's models in the order of their names, without provenance.
  Result<std::vector<Model>> ListModels() const;
  // Returns one model with the provenance of its loaded versions. The message of kNotFound lists
  // the models of the server.
  Result<Model> GetModel(const std::string& name) const;
  // Rescans the server's model folder and loads `version`; empty: the version that the server's
  // policy selects. Blocks until the version is ready and returns the model after the change.
  // kNotFound: no such version. kFailedPrecondition: the version cannot be loaded; the message says
  // why. kResourceExhausted: it exceeds the memory budget. kPermissionDenied: the operator does not
  // allow model control, or not for this client.
  Result<Model> LoadModel(const std::string& name, const std::string& version = "") const;
  // Takes `version` out of service; empty: all versions. Requests in progress finish. Returns the
  // model after the change. Errors as LoadModel(), and kFailedPrecondition if it is not loaded.
  Result<Model> UnloadModel(const std::string& name, const std::string& version = "") const;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_
