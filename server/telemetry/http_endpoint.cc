#include "server/telemetry/http_endpoint.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "httplib.h"

namespace nemf {
namespace {

constexpr int kThreads = 2;
constexpr std::size_t kMaxRequestBytes = 4096;
constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

// Leaves out SO_REUSEPORT, httplib's default, with which two servers could share a port unnoticed.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

// Answers 200 with `yes` or 503 with `no`.
httplib::Server::Handler Probe(std::function<bool()> good, const char* yes, const char* no) {
  return [=](const httplib::Request&, httplib::Response& response) {
    const bool is_good = good();
    response.status = is_good ? 200 : 503;
    response.set_content(is_good ? yes : no, kText);
  };
}

}  // namespace

absl::Status HttpEndpointOptions::Validate() const {
  if (address.empty()) {
    return absl::InvalidArgumentError("HttpEndpointOptions.address is empty, must name an address");
  }
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("HttpEndpointOptions.port = ", port, ", must be in [0, 65535]"));
  }
  return absl::OkStatus();
}

// The server and the thread that accepts its connections.
class HttpEndpoint::Listener {
 public:
  explicit Listener(HttpEndpointSources sources) {
    server_.new_task_queue = [this] {
      running_.Notify();
      return new httplib::ThreadPool(kThreads);
    };
    server_.set_socket_options(SetSocketOptions);
    server_.set_payload_max_length(kMaxRequestBytes);
    server_.set_keep_alive_max_count(1);  // an idle client occupies no thread
    server_.Get("/healthz", Probe(std::move(sources.healthy), "ok\n", "not healthy\n"));
    server_.Get("/readyz", Probe(std::move(sources.ready), "ready\n", "not ready\n"));
    server_.Get("/metrics", [metrics = std::move(sources.metrics)](const httplib::Request&,
                                                                   httplib::Response& response) {
      response.set_content(metrics(), kPrometheusText);
    });
  }

  ~Listener() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen(const HttpEndpointOptions& options) {
    errno = 0;
    if (options.port == 0) {
      port_ = server_.bind_to_any_port(options.address);
    } else {
      port_ = server_.bind_to_port(options.address, options.port) ? options.port : -1;
    }
    if (port_ < 0) {
      const std::string reason = errno == 0 ? "" : ": " + std::generic_category().message(errno);
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", options.address, ":", options.port, reason));
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() has no effect before the server runs. The socket accepts connections meanwhile.
    running_.WaitForNotification();
    return absl::OkStatus();
  }

  int port() const { return port_; }

 private:
  httplib::Server server_;
  int port_ = -1;
  absl::Notification running_;
  std::thread thread_;
};

HttpEndpoint::HttpEndpoint(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
HttpEndpoint::~HttpEndpoint() = default;
int HttpEndpoint::port() const { return listener_->port(); }

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(
    const HttpEndpointOptions& options, HttpEndpointSources sources) {
  auto listener = std::make_unique<Listener>(std::move(sources));
  if (absl::Status status = listener->Listen(options); !status.ok()) return status;
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(listener)));
}

}  // namespace nemf
