// nemf-server: reads the flags, loads the models, listens, and serves until SIGTERM or SIGINT.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "server/engine/checks/smoke_test.h"
#include "server/engine/load_model.h"
#include "server/models/model_repository.h"
#include "server/reporting.h"
#include "server/scheduling/observer.h"
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

// The signals that end the server. Blocks them in all threads, so it must be created before any
// other thread.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);  // A closed peer must not end the process.
  }

  // Blocks until one of them arrives and returns it. A later one ends the process at once.
  int Await() {
    int received = 0;
    sigwait(&signals_, &received);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    return received;
  }

 private:
  sigset_t signals_;
};

// Turns the logs of gRPC and OpenCV off, unless the user has set them: their errors also arrive as
// statuses.
void QuietLibraries() {
  constexpr int kKeepUsersValue = 0;
  setenv("GRPC_VERBOSITY", "NONE", kKeepUsersValue);
  setenv("OPENCV_LOG_LEVEL", "SILENT", kKeepUsersValue);
}

// Returns a finder of the versions that are served.
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

// Returns a loader that also runs each version once, so that it is ready to serve.
ModelLoader LoadAndWarmUp(int max_pairs) {
  return [max_pairs](const std::string& directory,
                     const EngineOptions& options) -> absl::StatusOr<LoadedModel> {
    absl::StatusOr<LoadedModel> model = LoadModel(directory, options);
    if (!model.ok()) return model;
    const absl::Status status = RunSmokeTest(model->engine.get(), max_pairs);
    if (!status.ok()) return status;
    return model;
  };
}

// What the health probes report.
struct Health {
  std::atomic<bool> ready = false;
  std::atomic<bool> broken = false;  // only a new process can help
};

// Ends the process as a signal would, or at once if that does not work.
Watchdog::Actions EndWhenBroken(Health* health, Logger* logger) {
  return {.alarm =
              [health] {
                health->broken = true;
                kill(getpid(), SIGTERM);
              },
          .report =
              [logger](const absl::Status& reason) {
                logger->Error("broken", {{"reason", std::string(reason.message())}});
              },
          .last_resort = [] { std::_Exit(kFailure); }};
}

// The life of the process: starts all parts, serves until a signal, then stops them. Returns the
// exit status, or the reason why a part could not start.
absl::StatusOr<int> Run(const ServerOptions& options, EndSignals& signals) {
  // Observation: log, metrics, probes, watchdog.
  Logger logger(options.log_level);
  Metrics metrics(NEMF_VERSION);
  Health health;
  Watchdog watchdog(options.watchdog, EndWhenBroken(&health, &logger));
  ModelReporter reporter(&metrics, &logger);
  const auto scrape = [&] {
    reporter.ReportDeviceMemory();
    metrics.RecordDroppedLogLines(logger.TakeDroppedLines());
    return metrics.Serialize();
  };
  auto endpoint =
      HttpEndpoint::Start(options.metrics, {.metrics = scrape,
                                            .healthy = [&] { return !health.broken; },
                                            .ready = [&] { return health.ready.load(); }});
  if (!endpoint.ok()) return endpoint.status();

  // Models, each with a scheduler.
  SchedulerObserver null_observer;
  SchedulerLog scheduler_log(&logger);
  const bool debug = logger.Writes(LogLevel::kDebug);
  FanOutObserver records(options.record_metrics ? &metrics : &null_observer,
                         debug ? &scheduler_log : &null_observer);
  FanOutObserver observer(&records, &watchdog);
  auto models = ModelRepository::Open(options.models,
                                      LoadAndWarmUp(options.models.scheduler.max_encoder_batch),
                                      Clock::System(), &observer, &reporter);
  if (!models.ok()) return models.status();

  // The gRPC services.
  auto server = GrpcServer::Start(
      options.grpc, FindIn(models->get()),
      RecordCallsTo(options.record_metrics ? &metrics : nullptr, &logger), Clock::System(),
      [&](const std::string& warning) {
        logger.Warning("access", {{"problem", warning}});
      },
      models->get());
  if (!server.ok()) return server.status();

  (*server)->SetServing(true);
  health.ready = true;
  const HostPort metrics_address{options.metrics.address, (*endpoint)->port()};
  std::cout << "listening on " << (*server)->address().ToString() << "\nmetrics on "
            << metrics_address.ToString() << "\nready" << std::endl;

  const int signal = signals.Await();
  logger.Info("shutting down", {{"signal", std::int64_t{signal}}});
  health.ready = false;
  // Load balancers see the health and stop sending calls before calls are refused.
  (*server)->SetServing(false);
  if (!health.broken) absl::SleepFor(options.lame_duck);
  (*server)->Shutdown(options.drain_timeout);
  (*models)->Drain();
  logger.Info("bye");
  return health.broken ? kFailure : EXIT_SUCCESS;
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
  const absl::StatusOr<int> exit_status = Run(**options, signals);
  if (!exit_status.ok()) {
    std::cerr << "nemf-server: " << exit_status.status().message() << std::endl;
    return kFailure;
  }
  return *exit_status;
}

}  // namespace
}  // namespace nemf

int main(int argc, char** argv) { return nemf::Main(argc, argv); }
