#ifndef NEMF_SERVER_TELEMETRY_HTTP_ENDPOINT_H_
#define NEMF_SERVER_TELEMETRY_HTTP_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nemf {

struct HttpEndpointOptions {
  std::string address = "127.0.0.1";  // a numeric address or a host name
  int port = 9090;                    // 0: any free one

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// What the endpoint answers with; called on its threads, must be safe from any.
struct HttpEndpointSources {
  std::function<std::string()> metrics;  // Prometheus' text format
  std::function<bool()> healthy;         // the process need not be restarted
  std::function<bool()> ready;           // requests are welcome
};

// Serves GET /metrics, /healthz and /readyz (200 or 503) for monitoring, on two threads of its own.
// It is served by cpp-httplib and not by prometheus::Exposer, whose worker threads have stacks too
// small for the thread-local storage of CUDA's libraries.
class HttpEndpoint {
 public:
  // Listens on return. UNAVAILABLE when the address cannot be bound; requires
  // options.Validate().ok().
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const HttpEndpointOptions& options,
                                                             HttpEndpointSources sources);
  // Finishes the requests in flight.
  ~HttpEndpoint();

  // The port that it listens on.
  int port() const;

 private:
  class Listener;

  explicit HttpEndpoint(std::unique_ptr<Listener> listener);

  std::unique_ptr<Listener> listener_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_HTTP_ENDPOINT_H_
