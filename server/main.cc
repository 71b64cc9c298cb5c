// nemf-server: flags, then models, then sockets; then it serves until SIGTERM or SIGINT.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/engine/checks/smoke_test.h"
#include "server/engine/engine.h"
#include "server/model_reporter.h"
#include "server/models/model_repository.h"
#include "server/scheduling/fan_out_observer.h"
#include "server/scheduling/watchdog.h"
#include "server/server_options.h"
#include "server/service/grpc_server.h"
#include "server/telemetry/http_endpoint.h"
#include "server/telemetry/logger.h"
#include "server/telemetry/metrics.h"

namespace nemf {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

// The signals that end the server, blocked in every thread: to be made before any other thread.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);  // A reader that left is no reason to die.
  }

  // Waits for one of them; from then on another one ends the process at once.
  int Await() {
    int received = 0;
    sigwait(&signals_, &received);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    return received;
  }

 private:
  sigset_t signals_;
};

// The libraries' own complaints say nothing that a status does not say better.
void QuietLibraries() {
  constexpr int kKeepTheUsers = 0;
  setenv("GRPC_VERBOSITY", "NONE", kKeepTheUsers);
  setenv("OPENCV_LOG_LEVEL", "SILENT", kKeepTheUsers);
}

ModelFinder FindIn(const ModelRepository* models) {
  return
      [models](const std::string& name, const std::string& version) -> absl::StatusOr<ServedModel> {
        absl::StatusOr<std::shared_ptr<ServedVersion>> serving = models->Find(name, version);
        if (!serving.ok()) return serving.status();
        const ModelInfo& info = (*serving)->info();
        return ServedModel{.name = info.name,
                           .version = info.version,
                           .device = (*serving)->engine().device(),
                           .scheduler = {*serving, &(*serving)->scheduler()}};
      };
}

void Count(const CallRecord& call, Metrics* metrics) {
  metrics->RecordRequest(call.method, call.status.code(), call.duration);
  if (call.cost.decode_time > absl::ZeroDuration())
    metrics->RecordStage("decode", call.cost.decode_time);
}

// `metrics` may be null.
CallRecorder RecordTo(Metrics* metrics, Logger* logger) {
  return [metrics, logger](const CallRecord& call) {
    if (metrics != nullptr) Count(call, metrics);
    logger->Info("request", {{"request_id", call.request_id},
                             {"client", call.client},
                             {"method", call.method},
                             {"code", absl::StatusCodeToString(call.status.code())},
                             {"error", std::string(call.status.message())},
                             {"model", call.cost.model},
                             {"seconds", absl::ToDoubleSeconds(call.duration)},
                             {"decode_seconds", absl::ToDoubleSeconds(call.cost.decode_time)},
                             {"queue_seconds", absl::ToDoubleSeconds(call.cost.job.queue_time)},
                             {"encode_seconds", absl::ToDoubleSeconds(call.cost.job.encode_time)},
                             {"match_seconds", absl::ToDoubleSeconds(call.cost.job.match_time)},
                             {"field_queries", call.cost.job.field_queries}});
  };
}

// A version that is ready to serve.
ModelLoader LoadAndWarmUp(int max_pairs) {
  return [max_pairs](const std::string& directory,
                     const EngineOptions& options) -> absl::StatusOr<LoadedModel> {
    absl::StatusOr<LoadedModel> model = LoadModel(directory, options);
    if (!model.ok()) return model;
    if (absl::Status status = RunSmokeTest(model->engine.get(), max_pairs); !status.ok())
      return status;
    return model;
  };
}

// Ends the server, to be started again by whoever watches over it: by the same way as a signal
// would, and at once where that way is blocked.
Watchdog::Actions WhenBroken(Logger* logger, std::atomic<bool>* failed) {
  return {.alarm =
              [logger, failed](const absl::Status& reason) {
                logger->Error("broken", {{"reason", std::string(reason.message())}});
                *failed = true;
                kill(getpid(), SIGTERM);
              },
          .last_resort = [] { std::_Exit(kFailure); }};
}

absl::Status Run(const ServerOptions& options, EndSignals& signals) {
  Logger logger(options.log_level);
  Metrics metrics(NEMF_VERSION);
  std::atomic<bool> ready = false;
  std::atomic<bool> failed = false;
  Watchdog watchdog(options.watchdog, WhenBroken(&logger, &failed));
  SchedulerObserver deaf;
  FanOutObserver observer(options.record_metrics ? &metrics : &deaf, &watchdog);
  ModelReporter reporter(&metrics, &logger);
  const auto scrape = [&] {
    reporter.ReportDeviceMemory();
    return metrics.Serialize();
  };
  auto endpoint = HttpEndpoint::Start(options.metrics, {.metrics = scrape,
                                                        .healthy = [&] { return !failed; },
                                                        .ready = [&] { return ready.load(); }});
  if (!endpoint.ok()) return endpoint.status();
  auto models = ModelRepository::Open(options.models,
                                      LoadAndWarmUp(options.models.scheduler.max_encoder_batch),
                                      Clock::System(), &observer);
  if (!models.ok()) return models.status();
  auto server = GrpcServer::Start(
      options.grpc, FindIn(models->get()),
      RecordTo(options.record_metrics ? &metrics : nullptr, &logger), Clock::System(),
      [&logger](const std::string& warning) {
        logger.Warning("access", {{"problem", warning}});
      },
      models->get());
  if (!server.ok()) return server.status();
  (*models)->Observe(&reporter);

  (*server)->SetServing(true);
  ready = true;
  const HostPort metrics_address{options.metrics.address, (*endpoint)->port()};
  std::cout << "listening on " << (*server)->address().ToString() << "\nmetrics on "
            << metrics_address.ToString() << "\nready" << std::endl;

  const int signal = signals.Await();
  logger.Info("shutting down", {{"signal", std::int64_t{signal}}});
  ready = false;
  // Whoever sends calls here by our health learns of it before they are refused.
  (*server)->SetServing(false);
  if (!failed) absl::SleepFor(options.lame_duck);
  (*server)->Shutdown(options.drain_timeout);
  (*models)->Drain();
  logger.Info("bye");
  return failed ? absl::InternalError("ended because of an error that the log names")
                : absl::OkStatus();
}

int Main(int argc, char** argv) {
  QuietLibraries();
  EndSignals signals;
  const auto options = ParseServerOptions(argc, argv, std::cout);
  if (!options.ok()) {
    std::cerr << "nemf-server: " << options.status().message() << std::endl;
    return kUsage;
  }
  if (!options->has_value()) return EXIT_SUCCESS;
  if (const absl::Status status = Run(**options, signals); !status.ok()) {
    std::cerr << "nemf-server: " << status.message() << std::endl;
    return kFailure;
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace nemf

int main(int argc, char** argv) { return nemf::Main(argc, argv); }
