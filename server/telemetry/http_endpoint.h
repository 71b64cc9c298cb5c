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

  // Returns INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

// Functions that make the answers. Called on the endpoint's threads; must be thread-safe.
struct HttpEndpointSources {
  std::function<std::string()> metrics;  // Prometheus' text format
  std::function<bool()> healthy;         // false: the process must be restarted
  std::function<bool()> ready;           // false: requests should go elsewhere
};

// Serves GET /metrics, /healthz and /readyz (200 or 503) for monitoring, on two threads of its own.
// Uses cpp-httplib because the worker threads of prometheus::Exposer have stacks too small for the
// thread-local storage of CUDA's libraries.
class HttpEndpoint {
 public:
  // Returns a listening endpoint. UNAVAILABLE: the address cannot be bound. Requires
  // options.Validate().ok().
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const HttpEndpointOptions& options,
                                                             HttpEndpointSources sources);
  // Finishes the requests in flight.
  ~HttpEndpoint();

  // Returns the port that it listens on.
  int port() const;

 private:
  class Listener;

  explicit HttpEndpoint(std::unique_ptr<Listener> listener);

  std::unique_ptr<Listener> listener_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_TELEMETRY_HTTP_ENDPOINT_H_
