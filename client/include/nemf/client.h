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

// A connection by TLS. All members are PEM text, not names of files.
struct TlsOptions {
  std::string ca_certificates = {};  // whom to trust; empty: the system's authorities
  // Who this client is, for servers that ask: chain and private key, both or neither.
  std::string certificate = {};
  std::string key = {};
  // The name that the server's certificate must have; empty: the host in the target.
  std::string server_name = {};
};

struct ClientOptions {
  // HOST:PORT, or any gRPC target such as "unix:/run/nemf.sock".
  std::string target = "127.0.0.1:50051";
  std::optional<TlsOptions> tls = std::nullopt;  // none: plaintext
  // Sent with every call as a bearer token; empty: none. Over plaintext everybody on the way sees
  // it.
  std::string token = {};
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

  // Called for each preview that request.preview_iterations asked for and that came, on the calling
  // thread, before the first band. False cancels the call, as above.
  using PreviewCallback = std::function<bool(FlowPreview)>;

  // Computes the dense flow from query to reference. Blocks until the whole field is there.
  // kDataLoss: the server's stream broke the protocol (missing rows, a missing trailer, ...).
  Result<FlowResponse> ComputeFlow(const FlowRequest& request,
                                   const BandCallback& on_band = nullptr,
                                   const PreviewCallback& on_preview = nullptr) const;

  // Scores one point of the query against a grid over the reference. Blocks until the answer or the
  // deadline. kDataLoss: the answer has not the size that it says.
  Result<FieldResponse> SampleField(const FieldRequest& request) const;

  // The state of one of the server's services, by its full gRPC name; empty: of the whole server.
  // kNotFound: the server does not know the service.
  Result<HealthState> Health(const std::string& service = "") const;

  // The server's models, by name, without provenance.
  Result<std::vector<Model>> ListModels() const;
  // kNotFound names what there is.
  Result<Model> GetModel(const std::string& name) const;
  // Makes the server look for new versions and load this one (empty: the one that its policy
  // chooses); blocks until it is ready. The model after the change.
  // kPermissionDenied: the operator does not allow it. kNotFound: no such version.
  // kFailedPrecondition: it is broken, and how. kResourceExhausted: the memory budget is full.
  Result<Model> LoadModel(const std::string& name, const std::string& version = "") const;
  // Takes a version (empty: all of them) out of service; requests that have begun finish. Errors as
  // LoadModel(), and kFailedPrecondition: it is not loaded.
  Result<Model> UnloadModel(const std::string& name, const std::string& version = "") const;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_CLIENT_H_
